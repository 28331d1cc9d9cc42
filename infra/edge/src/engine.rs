//! Runs the edge function in QuickJS.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rquickjs::function::Func;
use rquickjs::{Array, Context, Ctx, Function, Module, Persistent, Promise, Runtime};

use crate::{FUNCTION, Switches};

const CLOUDFRONT: &str = include_str!("cloudfront.js");
const TWIN: &str = include_str!("twin.js");

/// The function did not load, or failed on a request.
#[derive(Debug, thiserror::Error)]
#[error("the edge function: {0}")]
pub struct EngineError(String);

/// A request, as a viewer sends it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Method, in upper case.
    pub method: &'a str,
    /// Path, as it was sent.
    pub path: &'a str,
    /// Query without its `?`.
    pub query: Option<&'a str>,
    /// Names, in lower case, and values.
    pub headers: &'a [(&'a str, &'a str)],
    /// Names the request in an answer of the function's own.
    pub id: &'a str,
}

/// What the function made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folded {
    /// It goes on to the cache and the origin.
    Canonical {
        /// Path and query: cache key and snapshot key.
        path: String,
        /// From the snapshots alone.
        snapshots: bool,
        /// The viewer's own query, for the resolver's eyes only.
        query: Option<String>,
    },
    /// The function answers it.
    Answer {
        /// Status.
        status: u16,
        /// Names and values.
        headers: Vec<(String, String)>,
        /// Body.
        body: String,
    },
}

/// The function, loaded. One per thread: as in the cloud, a call leaves nothing behind for the next.
pub struct Engine {
    // Before the context: what is kept of an engine goes before the engine.
    call: Persistent<Function<'static>>,
    context: Context,
    /// Of the call that is running.
    switches: Rc<RefCell<Switches>>,
    selected: Rc<RefCell<Option<String>>>,
    polls: Arc<AtomicU64>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// QuickJS asks its host whether to go on after so many calls and turns of loops.
    pub const POLL: u64 = 10_000;
    /// In bytes. CloudFront gives a function 2 MB.
    const MEMORY: usize = 2 << 20;

    /// Loads the function.
    ///
    /// # Errors
    /// [`EngineError`] where it does not load.
    pub fn new() -> Result<Self, EngineError> {
        let runtime = Runtime::new().map_err(fault)?;
        runtime.set_memory_limit(Self::MEMORY);
        let polls = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&polls);
        runtime.set_interrupt_handler(Some(Box::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        })));
        let context = Context::full(&runtime).map_err(fault)?;
        let selected: Rc<RefCell<Option<String>>> = Rc::default();
        let choice = Rc::clone(&selected);
        let switches: Rc<RefCell<Switches>> = Rc::default();
        let read = Rc::clone(&switches);
        let call = context.with(|ctx| {
            let load = || {
                let globals = ctx.globals();
                globals.set(
                    "kvsGet",
                    Func::from(move |key: String| read.borrow().get(&key)),
                )?;
                globals.set(
                    "select",
                    Func::from(move |id: String| drop(choice.replace(Some(id)))),
                )?;
                let function = format!("{FUNCTION}\nexport {{handler}};");
                Module::declare(ctx.clone(), "cloudfront", CLOUDFRONT)?;
                Module::declare(ctx.clone(), "function", function)?;
                Module::evaluate(ctx.clone(), "twin", TWIN)?.finish::<()>()?;
                let call: Function<'_> = globals.get("call")?;
                Ok(Persistent::save(&ctx, call))
            };
            load().map_err(|error| thrown(&ctx, error))
        })?;
        Ok(Self {
            call,
            context,
            switches,
            selected,
            polls,
        })
    }

    /// What the function makes of a request, with the switches as they are.
    ///
    /// # Errors
    /// [`EngineError`] where it throws.
    pub fn fold(&self, request: &Request<'_>, switches: &Switches) -> Result<Folded, EngineError> {
        self.switches.replace(switches.clone());
        self.selected.replace(None);
        self.context.with(|ctx| {
            let run = || {
                let (names, values): (Vec<&str>, Vec<&str>) =
                    request.headers.iter().copied().unzip();
                let arguments = (
                    request.method,
                    request.path,
                    request.query,
                    names,
                    values,
                    request.id,
                    "",
                );
                let call = self.call.clone().restore(&ctx)?;
                let made: Array<'_> = call.call::<_, Promise<'_>>(arguments)?.finish()?;
                let status: u16 = made.get(0)?;
                let text: String = made.get(1)?;
                if status == 0 {
                    let query: String = made.get(2)?;
                    let path = if query.is_empty() {
                        text
                    } else {
                        format!("{text}?{query}")
                    };
                    let snapshots = self.selected.borrow().is_some();
                    return Ok(Folded::Canonical {
                        path,
                        snapshots,
                        query: made.get(4)?,
                    });
                }
                let headers: Vec<String> = made.get(3)?;
                let headers = headers.chunks(2).filter_map(|pair| match pair {
                    [name, value] => Some((name.clone(), value.clone())),
                    _ => None,
                });
                Ok(Folded::Answer {
                    status,
                    headers: headers.collect(),
                    body: text,
                })
            };
            run().map_err(|error| thrown(&ctx, error))
        })
    }

    /// How often QuickJS asked whether to go on: every [`Engine::POLL`] calls and turns of loops.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.polls.load(Ordering::Relaxed)
    }
}

fn fault(error: rquickjs::Error) -> EngineError {
    EngineError(error.to_string())
}

/// What was thrown, in words.
fn thrown(ctx: &Ctx<'_>, error: rquickjs::Error) -> EngineError {
    if !error.is_exception() {
        return fault(error);
    }
    let value = ctx.catch();
    let text = value.as_exception().map(ToString::to_string);
    EngineError(text.unwrap_or_else(|| format!("{value:?}")))
}
