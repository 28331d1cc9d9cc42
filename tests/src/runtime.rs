//! A Lambda Runtime API for one function, and the function's binary behind it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};

/// What the Runtime API of one function hands out and takes back.
struct Runtime {
    next: Mutex<mpsc::Receiver<Value>>,
    answered: mpsc::Sender<Result<Value, String>>,
}

async fn next(State(runtime): State<Arc<Runtime>>) -> (HeaderMap, String) {
    let event = runtime.next.lock().await.recv().await;
    // No more events: the function waits until it is killed.
    let Some(event) = event else {
        return std::future::pending().await;
    };
    let mut headers = HeaderMap::new();
    headers.insert("lambda-runtime-aws-request-id", "contract".parse().unwrap());
    headers.insert(
        "lambda-runtime-deadline-ms",
        "4102444800000".parse().unwrap(),
    );
    headers.insert(
        "lambda-runtime-invoked-function-arn",
        "arn:aws:lambda:eu-central-1:000000000000:function:contract"
            .parse()
            .unwrap(),
    );
    (headers, event.to_string())
}

async fn response(State(runtime): State<Arc<Runtime>>, body: Bytes) -> StatusCode {
    let answer = serde_json::from_slice(&body).map_err(|error| error.to_string());
    runtime.answered.send(answer).await.unwrap();
    StatusCode::ACCEPTED
}

async fn failed(State(runtime): State<Arc<Runtime>>, body: Bytes) -> StatusCode {
    let error = String::from_utf8_lossy(&body).into_owned();
    runtime.answered.send(Err(error)).await.unwrap();
    StatusCode::ACCEPTED
}

/// A function's binary, running as Lambda would run it; killed when dropped.
pub struct Function {
    process: Child,
    events: mpsc::Sender<Value>,
    answers: mpsc::Receiver<Result<Value, String>>,
}

impl Function {
    /// Starts the binary with this environment and nothing else.
    pub async fn start(binary: &Path, environment: &[(&str, String)]) -> Self {
        let (events, next_events) = mpsc::channel(1);
        let (answered, answers) = mpsc::channel(1);
        let runtime = Arc::new(Runtime {
            next: Mutex::new(next_events),
            answered,
        });
        let app = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .with_state(runtime);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let process = Command::new(binary)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            process,
            events,
            answers,
        }
    }

    /// Hands it an event; gives its answer.
    pub async fn invoke(&mut self, event: Value) -> Value {
        self.invoke_within(Duration::from_secs(30), event).await
    }

    /// The same of one that has longer than that.
    pub async fn invoke_within(&mut self, patience: Duration, event: Value) -> Value {
        self.events.send(event).await.unwrap();
        let answer = tokio::time::timeout(patience, self.answers.recv());
        answer
            .await
            .expect("the function answers")
            .unwrap()
            .unwrap()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
