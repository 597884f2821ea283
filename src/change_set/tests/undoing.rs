//! The way back.

use super::*;

fn plan() -> (Files, Plan) {
    let before = node(
        "3.4.2",
        &[
            ("etc:kong.conf", Kind::KongConf, "a = 1\r\n# x\r\nb = 2"),
            ("p:gone", Kind::Other, "gone"),
        ],
    );
    let after = node(
        "3.9.1",
        &[
            ("etc:kong.conf", Kind::KongConf, "a = 3\r\n# x\r\nb = 2"),
            ("p:new", Kind::Other, "new"),
        ],
    );
    let plan = replay(&record(&before, &after, &seal()), &before, &secrets(&[])).expect("it fits");
    (before, plan)
}

#[test]
fn an_undo_brings_back_every_byte() {
    let (before, plan) = plan();
    let after = plan.applied_to(&before);
    assert_eq!(
        texts(&after).keys().collect::<Vec<_>>(),
        ["etc:kong.conf", "p:new"]
    );
    let back = undo(&plan, &after).expect("nothing has changed since");
    assert_eq!(back.applied_to(&after), before);
    // Where it was undone already, or never done, there is nothing to do.
    assert!(undo(&plan, &before).expect("it is so").is_empty());
    // Half of it done is half of it undone.
    let half = Plan {
        writes: plan.writes[..1].to_vec(),
    };
    let half = half.applied_to(&before);
    assert_eq!(
        undo(&plan, &half).expect("it fits").applied_to(&half),
        before
    );
}

#[test]
fn a_file_that_was_changed_since_is_not_undone_nor_any_other() {
    let (before, plan) = plan();
    let mut after = plan.applied_to(&before);
    let file = after
        .files
        .get_mut(&location("etc:kong.conf"))
        .expect("it is there");
    file.mode = Mode::of(0o666);
    assert_eq!(
        told(&undo(&plan, &after).expect_err("changed since")),
        [
            "`etc:kong.conf`: the file has been changed since the replay: \"17 bytes, 0666 root:kong\" is there, \
          \"17 bytes, 0640 root:kong\" was expected, \"17 bytes, 0640 root:kong\" is wanted"
        ]
    );
}
