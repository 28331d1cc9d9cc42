//! Witnesses: what is served is cosigned, and nobody can be shown another history than the one that was.

use std::str::FromStr;

use ledger::{
    AddCheckpoint, Appended, Checkpoint, Cosignature, Note, NoteSignature, Policy, ProofPlan,
    Sha256, SignatureType, Tiles, TlogProof, VerifierKey, append,
};
use serde_json::json;
use storage::{Log, LogNote, SigningKey};
use tests::{Answer, Stage, text};

const LOG: Log = Log::Changes;

/// Whoever has the log's key can sign any history.
struct Forger<'a> {
    stage: &'a Stage,
    log: VerifierKey,
    key: SigningKey,
}

impl<'a> Forger<'a> {
    async fn of(stage: &'a Stage) -> Self {
        let log = stage.verifier_key(LOG).await;
        let key = SigningKey::file(&local::log_key(stage.data())).unwrap();
        Self { stage, log, key }
    }

    async fn signed(&self, origin: &str, tree: &Appended) -> Note {
        let (size, root) = (tree.after.size(), tree.after.root());
        let checkpoint = Checkpoint::new(origin, size, root).unwrap();
        let note = Note::new(checkpoint.to_string()).unwrap();
        let signature = self.key.sign(note.text().as_bytes()).await.unwrap();
        let signature: [u8; 64] = signature.try_into().unwrap();
        note.with_signature(NoteSignature::ed25519(&self.log, &signature))
    }

    /// A request that is right for whoever believes in these entries.
    async fn request(&self, old: u64, entries: &[Vec<u8>]) -> AddCheckpoint {
        let tree = append(0, &Tiles::new(), entries).unwrap();
        let plan = ProofPlan::consistency(old, tree.after.size()).unwrap();
        AddCheckpoint {
            old,
            proof: plan.prove(&tree.written).unwrap(),
            checkpoint: self.signed(self.log.name(), &tree).await,
        }
    }

    async fn sent(&self, request: &AddCheckpoint) -> Answer {
        self.posted(request.to_string()).await
    }

    async fn posted(&self, body: String) -> Answer {
        let url = format!("{}/add-checkpoint", self.stage.running.witness.url);
        tests::read(self.stage.client.post(url).body(body).send().await.unwrap()).await
    }
}

/// What a policy of one witness, that of the stage, asks for.
async fn policy(stage: &Stage, witness: &VerifierKey) -> Policy {
    let log = stage.verifier_key(LOG).await;
    let text = format!("log {log}\nwitness own {witness}\ngroup one 1 own\nquorum one\n");
    text.parse().unwrap()
}

async fn served(stage: &Stage) -> Note {
    let note = stage.log_file(LOG, "checkpoint").await.unwrap();
    String::from_utf8(note).unwrap().parse().unwrap()
}

fn size(note: &Note) -> u64 {
    Checkpoint::from_str(note.text()).unwrap().size()
}

/// An event more of a passport.
async fn changed(stage: &Stage, passport: &str, serial: &str) {
    let change = json!({
        "type": "correction", "reason": "serial number misread",
        "changes": {"identification": {"serialNumber": serial}},
    });
    let _ = stage.maker().event(passport, &change).await.expect(201);
}

#[tokio::test]
async fn a_served_checkpoint_is_cosigned_and_its_proofs_satisfy_a_quorum() {
    let stage = Stage::start().await;
    let (_, passport) = stage.maker().draft().await;
    stage.sequenced(LOG).await;
    let own = std::fs::read_to_string(stage.data().join("policy")).unwrap();
    let own = Policy::from_str(&own).unwrap();
    let trusted = own.check(&served(&stage).await).unwrap();
    assert_eq!(trusted.witnesses.len(), 1);
    // And so are those of restricted reads.
    let of_reads = std::fs::read_to_string(stage.data().join("policy-access")).unwrap();
    let of_reads = Policy::from_str(&of_reads).unwrap();
    let _ = stage.lived_in().await;
    stage.sequenced(Log::Reads).await;
    let reads = stage.log_file(Log::Reads, "checkpoint").await.unwrap();
    let reads = Note::from_str(str::from_utf8(&reads).unwrap()).unwrap();
    assert_eq!(of_reads.check(&reads).unwrap().witnesses.len(), 1);

    changed(&stage, &passport, "EV-1").await;
    stage.sequenced(LOG).await;
    let path = format!("/v1/dpps/{passport}/events/2/proof");
    let answer = stage.maker().get(&path).await.expect(200).json();
    let proof = TlogProof::from_str(&text(&answer, "proof")).unwrap();
    let listed = stage
        .maker()
        .get(&format!("/v1/dpps/{passport}/events"))
        .await;
    let listed = listed.expect(200).json();
    let hash = Sha256::from_str(&text(&listed["events"][1], "hash")).unwrap();
    assert_eq!(proof.verify(&hash, &own).unwrap().witnesses.len(), 1);
    // Another witness was asked for than the one that cosigned.
    let public = stage.verifier_key(LOG).await;
    let other = VerifierKey::new(
        "other.example",
        SignatureType::CosignatureV1,
        public.public_key(),
    );
    let others = policy(&stage, &other.unwrap()).await;
    assert!(proof.verify(&hash, &others).is_err());
}

#[tokio::test]
async fn an_old_cosignature_is_renewed_and_a_fresh_one_is_not() {
    let stage = Stage::start().await;
    let _ = stage.maker().draft().await;
    stage.sequenced(LOG).await;
    let fresh = served(&stage).await;
    stage.sequenced(LOG).await;
    assert_eq!(served(&stage).await, fresh);

    let witness = stage.running.witness.key.clone();
    let at = |note: &Note| {
        note.signed_by(&witness)
            .unwrap()
            .unwrap()
            .timestamp
            .unwrap()
    };
    let before = at(&fresh) - 3_600;
    let key = SigningKey::file(&stage.data().join("witness-key")).unwrap();
    let signature = key.sign(&Cosignature::message(before, fresh.text())).await;
    let old = Cosignature {
        timestamp: before,
        signature: signature.unwrap().try_into().unwrap(),
    };
    let old = fresh.with_signature(NoteSignature::cosignature(&witness, &old));
    assert_eq!(at(&old), before);
    let bytes = old.to_string().into_bytes();
    stage.put_into("public", "v1/log/checkpoint", bytes).await;
    stage.sequenced(LOG).await;
    let renewed = served(&stage).await;
    assert!(at(&renewed) > before + 3_000);
    assert_eq!(renewed.text(), old.text());
    assert_eq!(renewed.signatures().len(), old.signatures().len());
}

/// Each refusal of tlog-witness v1.0.0, of whatever the log's own key signed; none moves the witness.
#[tokio::test]
async fn a_fork_is_refused_whoever_signed_it() {
    let stage = Stage::start().await;
    let (_, passport) = stage.maker().draft().await;
    stage.sequenced(LOG).await;
    let log = stage.whole_log(LOG).await;
    let forger = Forger::of(&stage).await;
    let now = log.checkpoint.size();
    let mut forked = log.entries.clone();
    forked[0] = b"something else was here".to_vec();
    let mut grown = forked.clone();
    grown.push(b"and more".to_vec());

    let refused = forger
        .sent(&forger.request(now, &grown).await)
        .await
        .expect(422);
    assert!(!refused.text.contains('\u{2014}'));
    let same_size = forger
        .sent(&forger.request(now, &forked).await)
        .await
        .expect(409);
    assert_eq!(
        same_size.header("content-type"),
        "text/plain; charset=utf-8"
    );
    // From any other size, it says where it stands.
    for old in [0, 1, now + 1] {
        let elsewhere = forger
            .sent(&forger.request(old, &grown).await)
            .await
            .expect(409);
        assert_eq!(elsewhere.header("content-type"), "text/x.tlog.size");
        assert_eq!(elsewhere.text, format!("{now}\n"));
    }
    let backwards = AddCheckpoint {
        old: now + 2,
        ..forger.request(now, &grown).await
    };
    let _ = forger.sent(&backwards).await.expect(400);
    for body in [
        String::new(),
        "old 1".to_owned(),
        format!("old 01\n\n{}", backwards.checkpoint),
    ] {
        let _ = forger.posted(body).await.expect(400);
    }
    let tree = append(0, &Tiles::new(), &grown).unwrap();
    let unknown = forger.signed("other.example/log", &tree).await;
    let unknown = AddCheckpoint {
        checkpoint: unknown,
        ..forger.request(now, &grown).await
    };
    let _ = forger.sent(&unknown).await.expect(404);
    let genuine = forger.request(now, &log.entries).await;
    let text = genuine
        .to_string()
        .replace(&format!("\n{now}\n"), &format!("\n{}\n", now + 1));
    let _ = forger.posted(text).await.expect(403);
    let _ = forger.posted("x".repeat(65 * 1024)).await.expect(413);

    // The log goes on as if nothing had been.
    let _ = forger.sent(&genuine).await.expect(200);
    changed(&stage, &passport, "EV-1").await;
    stage.sequenced(LOG).await;
    let own = policy(&stage, &stage.running.witness.key).await;
    let trusted = own.check(&served(&stage).await).unwrap();
    assert_eq!(trusted.checkpoint.size(), now + 1);
}

/// The key was stolen, and somebody had a history of its own cosigned: what the log says from then on is served to nobody.
#[tokio::test]
async fn a_log_whose_witness_knows_another_history_stands_still() {
    let stage = Stage::start().await;
    let (_, passport) = stage.maker().draft().await;
    stage.sequenced(LOG).await;
    stage.running.stop_sequencing();
    let before = served(&stage).await;
    let mut entries = stage.whole_log(LOG).await.entries;
    let now = size(&before);
    let forger = Forger::of(&stage).await;
    entries.push(b"never happened".to_vec());
    let _ = forger
        .sent(&forger.request(now, &entries).await)
        .await
        .expect(200);

    // Of the same size (409), and then of a larger one (422).
    for serial in ["EV-1", "EV-2"] {
        changed(&stage, &passport, serial).await;
        let error = stage.sequencer().run(LOG).await.unwrap_err().to_string();
        assert!(
            error.starts_with("log fault: ") && error.contains("fork"),
            "{error}"
        );
    }
    assert_eq!(served(&stage).await, before);
    let kept = stage
        .running
        .store
        .larger_checkpoint(LOG, now)
        .await
        .unwrap();
    assert_eq!(kept, None);
}

/// The tables were put back to before what was signed last, and the archive with them: the witness still knows.
#[tokio::test]
async fn a_log_that_is_behind_its_witness_signs_nothing() {
    let stage = Stage::start().await;
    let (_, passport) = stage.maker().draft().await;
    stage.sequenced(LOG).await;
    stage.running.stop_sequencing();
    let before = served(&stage).await;
    let mut entries = stage.whole_log(LOG).await.entries;
    let now = size(&before);
    entries.extend((0..5).map(|it: u8| vec![it]));
    let forger = Forger::of(&stage).await;
    let _ = forger
        .sent(&forger.request(now, &entries).await)
        .await
        .expect(200);
    changed(&stage, &passport, "EV-1").await;
    let error = stage.sequencer().run(LOG).await.unwrap_err().to_string();
    let expected = format!("{} entries in a checkpoint that was signed", now + 5);
    assert!(error.contains(&expected), "{error}");
    assert_eq!(served(&stage).await, before);
}

#[tokio::test]
async fn a_witness_that_is_away_holds_nobody_up_and_is_asked_again() {
    let stage = Stage::start().await;
    stage.running.stop_sequencing();
    let _ = stage.maker().draft().await;
    let key = &stage.running.witness.key;
    let away = format!("{key} http://127.0.0.1:9").parse().unwrap();
    let alone = stage.sequencer_with(away);
    assert!(alone.run(LOG).await.unwrap().published > 0);
    let own = policy(&stage, key).await;
    let missed = served(&stage).await;
    assert!(own.check(&missed).is_err());

    stage.sequenced(LOG).await;
    let found = served(&stage).await;
    assert_eq!(found.text(), missed.text());
    assert_eq!(own.check(&found).unwrap().witnesses.len(), 1);
    // Who asks again changes nothing more.
    stage.sequenced(LOG).await;
    assert_eq!(served(&stage).await, found);
    let over = stage
        .running
        .store
        .served(LOG, LogNote::Checkpoint)
        .await
        .unwrap();
    assert_eq!(over.unwrap().text, found.to_string());
}

/// Two histories race for the same place: whoever asks first is cosigned, and then nobody with the other.
#[tokio::test]
async fn of_two_histories_that_are_shown_at_once_one_is_cosigned() {
    let stage = Stage::start().await;
    let _ = stage.maker().draft().await;
    stage.sequenced(LOG).await;
    stage.running.stop_sequencing();
    let entries = stage.whole_log(LOG).await.entries;
    let now = entries.len() as u64;
    let forger = Forger::of(&stage).await;
    let mut requests = Vec::new();
    for number in 0..8_u64 {
        let mut entries = entries.clone();
        let more = (0..=number / 4).map(|it| format!("{it} of {number}").into_bytes());
        entries.extend(more);
        requests.push(forger.request(now, &entries).await);
    }
    let answers = requests.iter().map(|request| forger.sent(request));
    let answers = futures_util::future::join_all(answers).await;
    let cosigned = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(cosigned, 1);
    assert!(
        answers
            .iter()
            .all(|answer| [200, 409].contains(&answer.status))
    );
}
