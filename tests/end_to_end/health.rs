//! The health report as people get it in Feishu, and as a page.

use super::stage::{ADMIN_TOKEN, CHEN, LI, Stage, ZHANG};

#[tokio::test]
async fn two_quarters_are_a_chart_in_the_chat_and_a_page_for_the_team() {
    let stage = Stage::with_feishu_project().await;
    stage.feishu_says(LI, "/工单 登录页打不开 !紧急").await;
    stage.feishu_says(LI, "/T1 响应").await;
    stage.feishu_says(LI, "/T1 解决 原因:证书过期 说明:已更换证书").await;
    stage.all_said().await;
    stage.feishu.clear();
    // To the first working day of January.
    stage.advance("43d").await;
    let sent = stage.feishu.sent();
    let draft = sent.iter().find(|sent| sent.words.starts_with("远山银行 2026年四季度 健康度 100 分"));
    let draft = draft.unwrap_or_else(|| panic!("{sent:#?}"));
    assert_eq!(draft.mentions, [CHEN]);
    let file = sent.iter().any(|sent| sent.words.contains("客户关系健康度报告-远山银行-2026Q4-内部.docx"));
    assert!(file, "{sent:#?}");
    stage.feishu_says(CHEN, "/健康度 发送").await;

    stage.feishu_says(ZHANG, "/工单 <b>对账</b>差一分 !紧急").await;
    stage.feishu_says(LI, "/T2 响应").await;
    stage.advance("2d").await;
    stage.feishu_says(LI, "/T2 解决 原因:舍入 说明:已统一").await;
    stage.feishu.clear();
    stage.advance("85d").await;
    let sent = stage.feishu.sent();
    let draft = sent.iter().find(|sent| sent.words.contains("趋势 2026Q4 100 → 2027Q1 50 ↓"));
    let draft = draft.unwrap_or_else(|| panic!("{sent:#?}"));
    let elements = draft.content["body"]["elements"].as_array().unwrap();
    let chart = elements.iter().find(|element| element["tag"] == "chart").unwrap();
    assert_eq!(chart["chart_spec"]["data"]["values"][1]["score"], 50);

    let (status, page) = stage.get("/board/health/远山银行/2027Q1").await;
    assert_eq!(status, 200, "{page}");
    for words in ["50 分 · 红灯 · 比上次降 50 分", "<polyline", "扣分", "T2", "没有数据，不计分"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(stage.get("/board/health/远山银行/2027Q2").await.0, 404);
    assert_eq!(stage.get("/board/health/海河银行/2027Q1").await.0, 404);
    assert_eq!(stage.get("/board/health/远山银行/2027").await.0, 400);
    let bare = stage.http.get(format!("{}/board/health/远山银行/2027Q1", stage.url()));
    assert_eq!(bare.try_clone().unwrap().send().await.unwrap().status(), 401);
    let headers = bare.bearer_auth(ADMIN_TOKEN).send().await.unwrap().headers().clone();
    assert_eq!(headers["cache-control"], "no-store");
    assert!(headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
}
