//! How large the index of a hundred thousand requirements is, how long it takes to make, and how fast it
//! answers. `cargo bench --bench search`.
//!
//! The requirements are put together from words that such titles and descriptions have, so that frequent
//! words are frequent: a quarter of all speak of the few commonest subjects. The asker is in ten of the five
//! hundred projects, so that nearly every find is a case whose names are hidden. Memory is what the process
//! grew by while the index was made; the records themselves were there before.
//!
//! On one of two cores: made in 2.8 s, 46 MB; p99 of all questions 10 ms, of the slowest kind (a sentence, no
//! word of which need be rare) 13 ms; a record that changes costs 0.06 ms. The bounds are 50 ms and 200 MB.

use std::time::{Duration, Instant};

use jiuding::{
    chat::PersonId,
    config::Config,
    dossier::{Ask, Dossier, Query, RoomKind},
    features,
    search::{Asker, Index},
    store::{Key, ProjectId},
};
use serde_json::json;

const PROJECTS: u32 = 500;
const REQUIREMENTS: u32 = 200;
/// How often each kind of question is asked.
const ASKED: usize = 1_000;

const SUBJECTS: &str = "退款 支付 登录 对账 报表 审批 权限 库存 订单 发票 短信 消息推送 客户画像 合同 工单 排班 \
    考勤 电子签章 风控模型 反欺诈 授信 贷后管理 额度 利率 征信查询 人脸识别 单点登录 数据大屏 指标看板 \
    数据导出 批量导入 附件上传 扫码 小程序 门店 会员积分 优惠券 秒杀 物流轨迹 仓储盘点 采购计划 供应商评估 \
    质检 设备巡检 能耗监测 视频监控 地图定位 车辆调度 预约挂号 电子病历 医保结算 教务排课 在线考试 直播回放";
const DEEDS: &str = "支持 增加 优化 改造 对接 同步 校验 拆分 合并 预警 自动生成 定时发送 批量处理 一键 导出 \
    统计 追溯 回滚 加密 脱敏 归档 监控 限流 重试 拦截 转派 加签 撤销 复核";
const THINGS: &str = "接口 页面 流程 日志 按钮 列表 明细 模板 字段 规则 角色 部门 渠道 周期 阈值 通知 Excel PDF \
    API OAuth2 短链 二维码 附件 备注 快照 版本 缓存 队列 权重 标签 时间段 手续费 账户 流水 凭证 余额 科目";
const SITUATIONS: &str = "月底结账的时候 大促高峰期 夜间批处理之后 总部和分公司之间 手机端弱网环境下 新员工入职当天 \
    监管检查之前 客户经理外出拜访时 系统切换的第一周 双录质检环节 柜面人员交接班时 多人同时编辑时";
const GOALS: &str = "减少人工核对 缩短等待时间 避免重复录入 满足监管要求 让财务当天看到结果 降低投诉率 \
    出错后能找到责任环节 减少电话沟通 提高一次通过率 让领导随时看到进展";
const NAMES: &str = "王女士 李工 张经理 陈主管 赵工 孙总 周工 吴老师 郑会计 冯主任";

/// A sequence that is the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    /// A word; the first are the commonest.
    fn word(&mut self, words: &'static str) -> &'static str {
        let words: Vec<&str> = words.split_whitespace().collect();
        let most = self.roll(words.len()) + 1;
        words[self.roll(most)]
    }

    /// A name that is in no dictionary, so that there are as many pairs of characters as real texts have.
    fn coined(&mut self) -> String {
        let chars: Vec<char> = [SUBJECTS, DEEDS, THINGS, SITUATIONS, GOALS].concat().chars().collect();
        let chinese: Vec<char> = chars.into_iter().filter(|c| *c > '\u{3000}').collect();
        (0..4).map(|_| chinese[self.roll(chinese.len())]).collect()
    }
}

fn main() -> anyhow::Result<()> {
    let dice = &mut Dice(2026);
    let dossiers = (1..=PROJECTS)
        .map(|id| project(id, dice))
        .collect::<Result<Vec<Dossier>, String>>()
        .map_err(anyhow::Error::msg)?;
    let before = resident()?;
    let begin = Instant::now();
    let mut index = Index::default();
    for dossier in &dossiers {
        index.learn(dossier, dossier.records().map(|(key, _)| key));
    }
    println!("index of {} requirements in {PROJECTS} projects", PROJECTS * REQUIREMENTS);
    println!("  made in {:.2} s, {} MB", begin.elapsed().as_secs_f64(), (resident()? - before) >> 20);

    let rules = Config::default().rules()?;
    let person = PersonId::new("playground", "p0");
    let asker = Asker { person: &person, admin: false, place: RoomKind::Internal, home: Some(ProjectId(1)) };
    let query =
        |words: String| Ask::Search(Query { words, letter: None, project: None, state: None, page: 1 });
    let mut all = Vec::new();
    for (name, ask) in [
        (
            "one word",
            &mut (|dice: &mut Dice| query(dice.word(SUBJECTS).to_owned()))
                as &mut dyn FnMut(&mut Dice) -> Ask,
        ),
        ("two words", &mut |dice| query(format!("{} {}", dice.word(SUBJECTS), dice.word(THINGS)))),
        ("a sentence", &mut |dice| query(title(dice))),
        ("one character", &mut |dice| query(dice.word(SUBJECTS).chars().take(1).collect())),
        ("the commonest", &mut |_| query("支持退款".into())),
        ("similar", &mut |dice| Ask::Similar(title(dice))),
    ] {
        let mut times = Vec::new();
        let mut found = 0;
        for _ in 0..ASKED {
            let ask = ask(dice);
            let begin = Instant::now();
            found += index.look_up(&ask, &asker, &rules.search).total;
            times.push(begin.elapsed());
        }
        println!("  {name:<14} {}   {} found on average", told(&mut times), found / ASKED);
        all.extend(times);
    }
    println!("  {:<14} {}", "all", told(&mut all));

    let mut times = Vec::new();
    for dossier in dossiers.iter().cycle().take(ASKED) {
        let begin = Instant::now();
        index.learn(dossier, [Key { letter: 'R', number: 1 + dice.roll(REQUIREMENTS as usize) as u32 }]);
        times.push(begin.elapsed());
    }
    println!("  {:<14} {}", "one changed", told(&mut times));
    Ok(())
}

fn told(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 1_000].as_secs_f64() * 1_000.0;
    format!("p50 {:>7.3} ms   p99 {:>7.3} ms   most {:>7.3} ms", at(500), at(990), at(1_000))
}

fn project(id: u32, dice: &mut Dice) -> Result<Dossier, String> {
    let mut dossier = Dossier::empty(ProjectId(id));
    let industry = ["银行", "保险", "零售", "制造", "医疗"][id as usize % 5];
    let person = |n: u32| json!({ "id": format!("playground:p{n}"), "name": format!("工程师{n}") });
    let value = json!({
        "name": format!("{industry}项目{id}"), "customer": format!("{industry}客户{id}"), "industry": industry,
        "phase": "development", "created_by": person(id), "created_at": "2026-01-01T00:00:00Z",
        "rooms": [{ "id": format!("playground:{id}"), "kind": "internal" }],
        "seats": { "project_manager": [person(id / 10)], "technical_contact": [person(id)] },
    });
    dossier.put(features::decode(Key { letter: '*', number: 0 }, value.to_string().as_bytes())?);
    for number in 1..=REQUIREMENTS {
        let title = title(dice);
        let said = format!(
            "/需求 {title}\n{}，{}的{}需要{}{}，{}。{}提出。",
            dice.word(SITUATIONS),
            dice.coined(),
            dice.word(THINGS),
            dice.word(DEEDS),
            dice.word(SUBJECTS),
            dice.word(GOALS),
            dice.word(NAMES),
        );
        let value = json!({
            "number": number, "title": title, "said": said, "by": person(id), "room": format!("playground:{id}"),
            "at": "2026-03-01T00:00:00Z", "shared": true, "state": { "is": "collected" },
            "fields": { "目标": dice.word(GOALS), "场景": dice.word(SITUATIONS), "指标": dice.word(THINGS) },
        });
        dossier.put(features::decode(Key { letter: 'R', number }, value.to_string().as_bytes())?);
    }
    Ok(dossier)
}

fn title(dice: &mut Dice) -> String {
    format!("{}{}{}{}", dice.word(SUBJECTS), dice.word(DEEDS), dice.word(THINGS), dice.word(SUBJECTS))
}

/// How much of this process lies in memory, in bytes.
fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB"));
    Ok(kilobytes.map(str::trim).unwrap_or("0").parse::<u64>()? << 10)
}
