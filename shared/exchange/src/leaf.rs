//! Our side of a mapping: an attribute, or a place within its value, and what may stand there.

use passport::{Attribute, Type, catalogue};

use crate::path::{Path, Token};

/// What stands at a place of ours.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leaf {
    /// A value of the catalogue's type.
    Of(&'static Type),
    /// A plain text: a document's title or media type, a text in one language.
    Text,
    /// The address of a document.
    Url,
    /// When a dynamic value was measured.
    Time,
}

/// A place of ours.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) attribute: &'static Attribute,
    pub(crate) path: Path,
    pub(crate) leaf: Leaf,
}

const MEASURED_AT: &str = "measuredAt";

impl Target {
    /// The place that a mapping names: `/group/attribute`, then fields and elements. The `value` member that a dynamic value
    /// has on the wire is not named.
    pub(crate) fn at(path: &Path) -> Result<Self, String> {
        let [Token::Name(group), Token::Name(id), rest @ ..] = path.tokens() else {
            return Err("a place of ours begins with group and attribute".to_owned());
        };
        let attribute = catalogue()
            .attribute(group, id)
            .ok_or_else(|| format!("the catalogue has no `/{group}/{id}`"))?;
        let mut tokens = vec![Token::Name(group.clone()), Token::Name(id.clone())];
        let leaf = match rest {
            [Token::Name(last)] if attribute.dynamic && last == MEASURED_AT => Leaf::Time,
            rest => {
                if is_wrapped(attribute) {
                    tokens.push(Token::Name("value".to_owned()));
                }
                rest.iter()
                    .try_fold(Leaf::Of(&attribute.ty), |leaf, token| leaf.step(token))?
            }
        };
        tokens.extend(rest.iter().cloned());
        Ok(Self {
            attribute,
            path: Path::of(tokens),
            leaf,
        })
    }

    /// Where it stands within its attribute's value, as the mapping names it.
    pub(crate) fn within(&self) -> String {
        let wrapped = !self.is_time() && is_wrapped(self.attribute);
        let rest = self.path.tokens().iter().skip(2 + usize::from(wrapped));
        Path::of(rest.cloned().collect()).to_string()
    }

    pub(crate) fn is_time(&self) -> bool {
        matches!(self.leaf, Leaf::Time)
    }
}

/// Whether the value stands in a member of its own, beside the time.
fn is_wrapped(attribute: &Attribute) -> bool {
    attribute.dynamic && !matches!(attribute.ty, Type::Quantity { .. })
}

impl Leaf {
    fn step(self, token: &Token) -> Result<Self, String> {
        let Self::Of(ty) = self else {
            return Err("nothing is below a text".to_owned());
        };
        match (ty, token) {
            (Type::Record { fields }, Token::Name(name)) => fields
                .iter()
                .find(|field| field.id == *name)
                .map(|field| Self::Of(&field.ty))
                .ok_or_else(|| format!("no field `{name}`")),
            (Type::List { of, .. }, token) if !matches!(token, Token::Name(_)) => Ok(Self::Of(of)),
            (Type::LocalizedText { .. }, Token::Name(_)) => Ok(Self::Text),
            (Type::Document, Token::Name(name)) => match name.as_str() {
                "url" => Ok(Self::Url),
                "title" | "mediaType" => Ok(Self::Text),
                _ => Err(format!("a document has no `{name}` to carry")),
            },
            (ty, token) => Err(format!("no step {token:?} in a {}", ty.name())),
        }
    }
}
