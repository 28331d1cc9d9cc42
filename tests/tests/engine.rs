//! What the embedded stores cannot show: Object Lock, on another engine (`AWS_ENDPOINT_URL`). Without one these tests say so
//! and end.

use tests::Stage;

const PHOTO: &[u8] = b"a photo that must stay";

fn s3(stage: &Stage) -> Option<aws_sdk_s3::Client> {
    if std::env::var_os("AWS_ENDPOINT_URL").is_none() {
        eprintln!("skipped: needs another engine (AWS_ENDPOINT_URL)");
        return None;
    }
    Some(stage.s3())
}

#[tokio::test]
async fn confirmed_evidence_is_locked_and_comes_back_whatever_is_put_over_it() {
    let stage = Stage::start().await;
    let Some(s3) = s3(&stage) else { return };
    let maker = stage.maker();
    let before = versions(&s3).await;
    let id = maker.evidence(PHOTO, 4).await;
    let mut added = versions(&s3).await;
    added.retain(|one| !before.contains(one));
    let [(key, version)] = &added[..] else {
        panic!("one locked object expected, found {added:?}");
    };
    let deleted = s3
        .delete_object()
        .bucket("evidence")
        .key(key)
        .version_id(version)
        .send()
        .await;
    assert!(deleted.is_err(), "a locked version was deleted");
    // Brought here from another bucket, its record names a version that is not here.
    let path = format!("/v1/evidence/{id}");
    stage
        .set_record(&format!("E#{id}"), "0#EVIDENCE", "version", "elsewhere")
        .await;
    assert_ne!(maker.get(&path).await.status, 200);
    let settled = stage.running.store.settle_evidence(id.parse().unwrap());
    settled.await.unwrap();
    // What the bucket still allows, on top: another version, and a marker that hides them all.
    let over = s3.put_object().bucket("evidence").key(key);
    over.body(b"forged".to_vec().into()).send().await.unwrap();
    assert_eq!(maker.get(&path).await.expect(200).text.as_bytes(), PHOTO);
    s3.delete_object()
        .bucket("evidence")
        .key(key)
        .send()
        .await
        .unwrap();
    assert_eq!(maker.get(&path).await.expect(200).text.as_bytes(), PHOTO);
}

async fn versions(s3: &aws_sdk_s3::Client) -> Vec<(String, String)> {
    let listed = s3
        .list_object_versions()
        .bucket("evidence")
        .send()
        .await
        .unwrap();
    listed
        .versions()
        .iter()
        .map(|one| {
            (
                one.key().unwrap().to_owned(),
                one.version_id().unwrap().to_owned(),
            )
        })
        .collect()
}
