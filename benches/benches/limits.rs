//! What keeping budgets costs a request: `cargo bench -p benches --bench limits`. A handler that does nothing, with and without
//! limits, for a partner and for anybody; between settlements, which are one call of DynamoDB each.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use axum::routing::get;
use criterion::{Criterion, criterion_group, criterion_main};
use tests::Stage;
use tower::ServiceExt;
use web::{Address, Budgets, Clock, Limiter, Limits, Partner, Platform};

fn routes(platform: Platform) -> Router {
    let routes = Router::new()
        .route("/v1/partner", get(async |_: Partner| "done"))
        .route("/v1/anybody", get(async || "done"));
    web::partners(routes, platform, None)
}

async fn ask(routes: Router, path: &str, token: Option<&str>) {
    let mut request = Request::get(path).extension(Address([192, 0, 2, 1].into()));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::empty()).unwrap();
    let answer: Result<Response, Infallible> = routes.oneshot(request).await;
    assert_eq!(answer.unwrap().status().as_u16(), 200);
}

fn costs(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stage = runtime.block_on(Stage::start());
    let token = stage.maker().token.unwrap();
    let platform = stage.platform(stage.running.issuer.trusted().unwrap());
    let endless = Budgets {
        requests: u64::MAX,
        results: u64::MAX,
    };
    let limits = Limits {
        partner: endless,
        address: endless,
        role: [("economic-operator".to_owned(), endless)].into(),
        ..Limits::read().unwrap()
    };
    let limiter = Limiter::new(limits, stage.running.store.clone(), Clock::new(|| 0), None);
    let limited = routes(platform.clone().with_limiter(Some(limiter)));
    let bare = routes(platform);
    for (name, routes) in [("without limits", &bare), ("within limits", &limited)] {
        for (path, token) in [("/v1/anybody", None), ("/v1/partner", Some(token.as_str()))] {
            criterion.bench_function(&format!("{path} {name}"), |bench| {
                bench.iter(|| runtime.block_on(ask(routes.clone(), path, token)));
            });
        }
    }
}

criterion_group!(benches, costs);
criterion_main!(benches);
