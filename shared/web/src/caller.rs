//! Who is calling.

use access::{Claims, Principal, Reading, Rights, Standing};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use passport::Classes;
use storage::{Head, Sight};

use crate::{Platform, Problem, credentials, now};

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
            classes,
            formerly,
            whoever,
            ..
        } = self.reading(head);
        let principal = self.principal().filter(|_| formerly);
        Sight {
            classes,
            formerly: principal.map(|principal| principal.organisation.as_str()),
            whoever,
        }
    }

    /// The caller of a token, held against its organisation's record as it is now.
    pub(crate) async fn of(claims: &Claims, platform: &Platform) -> Result<Self, Problem> {
        let member = platform.store.member(&claims.organisation).await?;
        let (organisation, rights) = match member {
            Some(member) => (Some(member.organisation), member.rights),
            None => (None, Rights::default()),
        };
        let now = now().as_second();
        let principal = access::principal(claims, organisation.as_ref(), &rights, now)?;
        Ok(Self::Partner(Box::new(principal)))
    }

    /// Whether this caller may sign what the organisation stands for: as whoever reads wholly what it is responsible for.
    #[must_use]
    pub fn signs_for(&self, organisation: &str) -> bool {
        let own = Standing::from(organisation);
        self.acts_for(organisation)
            && access::reading(self.principal(), &own).classes == Classes::ALL
    }

    /// Whether this caller answers for a record: its organisation is responsible for it, or authorised by who is.
    #[must_use]
    pub fn answers_for(&self, head: &Head) -> bool {
        self.answers(&head.standing())
    }

    /// The same of what has no head of its own: how it stands to organisations.
    #[must_use]
    pub fn answers(&self, standing: &Standing<'_>) -> bool {
        let principal = self.principal();
        principal.is_some_and(|principal| access::answers_for(principal, standing))
    }

    /// Refuses what would concern both an organisation that the platform checks itself with and one that it does not.
    ///
    /// # Errors
    /// 403.
    pub fn of_one_kind_with(&self, organisation: &str) -> Result<(), Problem> {
        let own = self.partner()?.organisation.as_str();
        match access::is_synthetic(own) == access::is_synthetic(organisation) {
            true => Ok(()),
            false => Err(Problem::forbidden(
                "organisations that the platform checks itself with have to do with each other alone",
            )),
        }
    }

    /// Whether this caller is of the organisation.
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
        match credentials::claims(parts, platform).await? {
            Some(claims) => {
                let caller = Self::of(&claims, platform).await?;
                crate::limited::admit(parts, platform, &caller).await?;
                Ok(caller)
            }
            None => Ok(Self::Public),
        }
    }
}
