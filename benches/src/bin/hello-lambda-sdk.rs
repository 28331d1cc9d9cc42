//! The least that reads DynamoDB at all: what the AWS SDK's own load costs.

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let client = aws_sdk_dynamodb::Client::new(&config);
    let table = format!("{}-records", std::env::var("TABLE_PREFIX")?);
    let client = &client;
    let table = &table;
    let read = async || {
        let read = client.get_item().table_name(table);
        let read = read.key("pk", AttributeValue::S("hello".to_owned()));
        read.key("sk", AttributeValue::S("0".to_owned()))
            .send()
            .await
    };
    read().await?;
    run(service_fn(async |_: Request| {
        read().await?;
        Ok::<_, Error>("hello")
    }))
    .await
}
