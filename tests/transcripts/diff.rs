//! The difference of two texts, line by line.

/// How many equal lines stand around a difference.
const CONTEXT: usize = 3;

/// `-` what was expected, `+` what came instead.
pub fn lines(before: &str, after: &str) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    // longest[i][j]: of the common lines of before[i..] and after[j..].
    let mut longest = vec![vec![0; after.len() + 1]; before.len() + 1];
    for i in (0..before.len()).rev() {
        for j in (0..after.len()).rev() {
            longest[i][j] = match before[i] == after[j] {
                true => longest[i + 1][j + 1] + 1,
                false => longest[i + 1][j].max(longest[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut marked: Vec<(char, &str)> = Vec::new();
    while i < before.len() || j < after.len() {
        if i < before.len() && j < after.len() && before[i] == after[j] {
            marked.push((' ', before[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == after.len() || i < before.len() && longest[i + 1][j] >= longest[i][j + 1] {
            marked.push(('-', before[i]));
            i += 1;
        } else {
            marked.push(('+', after[j]));
            j += 1;
        }
    }
    let near = |at: usize| {
        let from = at.saturating_sub(CONTEXT);
        let to = (at + CONTEXT + 1).min(marked.len());
        marked[from..to].iter().any(|(mark, _)| *mark != ' ')
    };
    let mut text = String::new();
    let mut skipped = false;
    for (at, (mark, line)) in marked.iter().enumerate() {
        if near(at) {
            text.push_str(&format!("  {mark} {line}\n"));
        } else if !skipped {
            text.push_str("  …\n");
        }
        skipped = !near(at);
    }
    text
}

#[test]
fn a_changed_line_is_shown_between_its_neighbours() {
    let text = lines("a\nb\nc\nd\ne\nf\ng\nh", "a\nb\nc\nd\ne\nf\nG\nh");
    assert_eq!(text, "  …\n    d\n    e\n    f\n  - g\n  + G\n    h\n");
}
