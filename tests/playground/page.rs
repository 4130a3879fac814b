//! The page is whole by itself.

use std::collections::BTreeSet;

use super::stage::Stage;

/// What `text` loads: the paths in `src`, `href`, and in imports of modules beside it.
fn loads(text: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for (mark, end) in [("src=\"", '"'), ("href=\"/", '"'), ("from './", '\'')] {
        for rest in text.split(mark).skip(1) {
            let path = &rest[..rest.find(end).unwrap()];
            paths.insert(match mark {
                "from './" => format!("/playground/{path}"),
                "href=\"/" => format!("/{path}"),
                _ => path.to_owned(),
            });
        }
    }
    paths
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere_and_everything_from_here() {
    let stage = Stage::new().await;
    let mut open: BTreeSet<String> = ["/".to_owned()].into();
    let mut read = BTreeSet::new();
    while let Some(path) = open.pop_first() {
        let (status, headers, text) = stage.get(&path).await;
        assert_eq!(status, 200, "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!text.contains("innerHTML") && !text.contains("insertAdjacentHTML"), "{path}");
        let foreign = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!foreign.contains("http://") && !foreign.contains("https://"), "{path}");
        read.insert(path);
        open.extend(loads(&text).into_iter().filter(|path| !read.contains(path)));
    }
    assert_eq!(read.len(), 12, "{read:?}");
}
