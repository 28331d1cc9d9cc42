//! Who is calling.

use access::{Claims, Principal, Reading, Standing};
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use passport::Classes;
use storage::{Head, Sight};

use crate::{Platform, Problem, now};

/// Somebody with a valid token of a registered organisation, or anybody.
#[derive(Debug, Clone)]
pub enum Caller {
    /// No token: the public.
    Public,
    /// A partner.
    Partner(Box<Principal>),
}

impl Caller {
    /// The partner.
    ///
    /// # Errors
    /// 401 for the public.
    pub fn partner(&self) -> Result<&Principal, Problem> {
        self.principal().ok_or_else(|| {
            Problem::unauthenticated(
                "send `Authorization: Bearer <token>` with a token of a registered organisation",
            )
        })
    }

    /// The partner, or nobody for the public.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        match self {
            Self::Partner(principal) => Some(principal),
            Self::Public => None,
        }
    }

    /// Whether this caller may know of a record.
    #[must_use]
    pub fn knows(&self, head: &Head) -> bool {
        access::knows(self.principal(), &head.standing())
    }

    /// What this caller may read of a record, its organisation's own former values included.
    #[must_use]
    pub fn reading(&self, head: &Head) -> Reading {
        access::reading(self.principal(), &head.standing())
    }

    /// The same for what is stored of it.
    #[must_use]
    pub fn sight(&self, head: &Head) -> Sight<'_> {
        let Reading {
            classes, formerly, ..
        } = self.reading(head);
        let principal = self.principal().filter(|_| formerly);
        Sight {
            classes,
            formerly: principal.map(|principal| principal.organisation.as_str()),
        }
    }

    /// The caller of a token, held against its organisation's record as it is now.
    pub(crate) async fn of(claims: &Claims, platform: &Platform) -> Result<Self, Problem> {
        let organisation = platform.organisation(&claims.organisation).await?;
        let principal = access::principal(claims, organisation.as_ref(), now().as_second())?;
        Ok(Self::Partner(Box::new(principal)))
    }

    /// Whether this caller may sign what the organisation stands for: as whoever reads wholly what it is responsible for.
    #[must_use]
    pub fn signs_for(&self, organisation: &str) -> bool {
        let own = Standing::from(organisation);
        self.acts_for(organisation)
            && access::reading(self.principal(), &own).classes == Classes::ALL
    }

    /// Whether this caller acts for the organisation.
    #[must_use]
    pub fn acts_for(&self, organisation: &str) -> bool {
        matches!(self, Self::Partner(principal) if principal.organisation == organisation)
    }
}

/// A caller with a token: asked for before the body is read, so that nobody else is told of its faults.
#[derive(Debug, Clone)]
pub struct Partner(pub Caller);

impl FromRequestParts<Platform> for Partner {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        platform: &Platform,
    ) -> Result<Self, Self::Rejection> {
        let caller = Caller::from_request_parts(parts, platform).await?;
        caller.partner()?;
        Ok(Self(caller))
    }
}

impl FromRequestParts<Platform> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        platform: &Platform,
    ) -> Result<Self, Self::Rejection> {
        let mut values = parts.headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(Self::Public);
        };
        if values.next().is_some() {
            return Err(Problem::unauthenticated("send one `Authorization` header"));
        }
        let token = value
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token)
            .ok_or_else(|| Problem::unauthenticated("expected `Authorization: Bearer <token>`"))?;
        let claims = access::verify(token, &platform.issuers, now().as_second())?;
        let caller = Self::of(&claims, platform).await?;
        crate::limited::admit(parts, platform, &caller).await?;
        Ok(caller)
    }
}
