//! What a project's people say in a year, week by week.

use jiff::civil::DateTime;
use jiff::{ToSpan, civil::Date};

/// Something that somebody says at some time.
pub struct Line {
    /// When, in the bot's zone.
    pub at: DateTime,
    /// Who, a seat of the project.
    pub who: &'static str,
    /// In the room of the customer.
    pub to_customer: bool,
    /// The words; `@` before a seat mentions whoever holds it.
    pub text: String,
}

/// A project's people as they were agreed with the reader: the names of seats.
pub const SEATS: [&str; 7] = ["陈主管", "张经理", "李工", "赵工", "王女士", "刘总", "孙总"];

/// The weeks in which a phase begins, counted from the project's first.
const KICKOFF: i32 = 1;
const DEVELOPMENT: i32 = 4;
const TESTING: i32 = 18;
const ACCEPTANCE: i32 = 23;
const AFTERCARE: i32 = 26;

/// One project's year. Most people keep what they promise; in one week of eight they do not.
pub struct Project {
    pub number: u32,
    dice: u64,
    tickets: u32,
}

impl Project {
    pub fn new(number: u32) -> Self {
        Self { number, dice: u64::from(number), tickets: 0 }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % sides
    }

    /// What is said in the week that begins on this Monday; projects begin in six different weeks.
    pub fn week(&mut self, week: i32, monday: Date) -> Vec<Line> {
        let age = week - (self.number % 6) as i32;
        let day = |days: i32| monday + days.days();
        let told = |days: i32| day(days).strftime("%Y-%m-%d").to_string();
        let mut said = Vec::new();
        let minute = (self.number * 7 % 50) as i8;
        let mut say = |days: i32, hour: i8, who: &'static str, text: String| {
            let to_customer = who == "王女士" || text.starts_with("/项目 绑定");
            said.push(Line { at: day(days).at(hour, minute, 0, 0), who, to_customer, text });
        };
        let slack = self.roll(8) == 0;
        match age {
            ..0 => return said,
            0 => {
                let name = format!("项目{}", self.number);
                say(0, 9, "张经理", format!("/项目 新建 {name} 客户:客户{} 行业:银行", self.number / 3));
                say(
                    0,
                    10,
                    "张经理",
                    "/角色 客户主管 @陈主管 项目经理 @张经理 技术对接人 @李工 技术骨干 @赵工 \
                     客户代表 @王女士 客户对接人 @刘总 客户高层 @孙总"
                        .into(),
                );
                say(0, 11, "张经理", format!("/项目 绑定 {name} 客户群"));
                say(0, 14, "王女士", "/需求 支付模块支持退款".into());
                say(
                    2,
                    10,
                    "李工",
                    "/R1 分析 可行性:4 说明:能做 价值:4 贡献:少接电话 开发:12 测试:5 设计:3 工期:6周 成本:20万 \
                     真实需求:少接退款电话"
                        .into(),
                );
                say(
                    2,
                    11,
                    "张经理",
                    "/R1 补充 目标:当天到账 性能:2秒内 界面:见原型 兼容:Chrome 用例:12条 流程:走一遍 \
                     变更规则:走变更单 签字人:@王女士"
                        .into(),
                );
                for (what, weeks) in
                    [("联调完成", TESTING - 1), ("测试完成", ACCEPTANCE - 1), ("客户验收", AFTERCARE - 1)]
                {
                    say(3, 10, "张经理", format!("/节点 {what} {} 标准:全部通过 @李工", told(weeks * 7 + 4)));
                }
                say(3, 15, "王女士", format!("/R1 确认 面对面:{}", told(2)));
            }
            KICKOFF => {
                say(0, 9, "陈主管", format!("/项目 阶段 启动 完成日:{}", told((AFTERCARE - 1) * 7 + 4)));
                say(0, 10, "张经理", format!("/会议 启动会 {} 10点-12点 @王女士 @孙总 @赵工", told(1)));
                say(0, 11, "张经理", format!("/会议 项目例会 {} 14点 重复:每周", told(2)));
            }
            2 | 3 => say(0, 10, "张经理", format!("/会议 启动会 {} 10点-12点 @王女士 @孙总 @赵工", told(3))),
            DEVELOPMENT => {
                say(0, 9, "张经理", "/项目 阶段 开发".into());
                say(0, 10, "李工", "/R1 开始".into());
                say(0, 11, "张经理", "/风险 第三方接口延迟 方案:先用模拟接口 影响:P1 推迟4天".into());
            }
            TESTING => say(0, 9, "张经理", "/项目 阶段 测试".into()),
            ACCEPTANCE => {
                say(0, 9, "张经理", "/项目 阶段 验收".into());
                say(0, 10, "张经理", format!("/会议 预验收 {} 10点-12点 @王女士 @赵工", told(15)));
            }
            AFTERCARE => {
                say(0, 9, "李工", "/R1 交付".into());
                say(0, 10, "张经理", "/项目 阶段 交付后 面对面:今天 签字人:@王女士".into());
            }
            _ => {}
        }
        match age {
            DEVELOPMENT..TESTING if !slack => {
                say(1, 16, "张经理", "/沟通 电话 @刘总 价值:退款口径定了，不用返工".into());
                say(3, 16, "张经理", "/沟通 微信 @刘总 价值:给了测试数据".into());
                say(3, 10, "李工", "/进展 退款主流程跑通，剩对账".into());
                say(4, 10, "李工", "/文档 开发日志 https://docs.example.com/d 说明:退款主流程跑通".into());
            }
            TESTING..ACCEPTANCE if !slack => {
                for days in [1, 4] {
                    say(days, 10, "李工", "/沟通 电话 未解决:3 已修复:5 新增:2 价值:阻塞项清零".into());
                    say(days, 11, "李工", "/文档 测试报告 https://docs.example.com/t 说明:主流程通过".into());
                }
            }
            AFTERCARE.. if age % 4 == 0 && !slack => {
                say(2, 10, "李工", "/沟通 拜访 @王女士 价值:教会了财务对账".into());
            }
            _ => {}
        }
        if let Some(weeks) = [(17, 1), (22, 2), (25, 3)].iter().find(|(week, _)| *week == age) {
            say(4, 15, "李工", format!("/P{} 完成 面对面:今天", weeks.1));
        }
        // A ticket each other week, a fifth of them urgent and half of those answered late.
        if age >= DEVELOPMENT && self.roll(2) == 0 {
            self.tickets += 1;
            let (ticket, urgent) = (self.tickets, self.roll(5) == 0);
            let late = if self.roll(2) == 0 { 4 } else { 0 };
            let mark = if urgent { " !紧急" } else { "" };
            say(1, 9, "王女士", format!("/工单 登录页打不开，第 {ticket} 次{mark}"));
            say(1, 10 + late, "李工", format!("/T{ticket} 响应"));
            say(1, 15, "李工", format!("/T{ticket} 解决 原因:证书过期 说明:已更换证书，可以正常登录"));
        }
        said
    }

    /// What is said to the things that the bot asked for: minutes, action items.
    pub fn answer(&mut self, asked: &str) -> Option<String> {
        // One of eight is forgotten, and asked for again.
        let kept = self.roll(8) > 0;
        Some(match asked.chars().next()? {
            'M' => format!(
                "/纪要 {asked}\n决议: 下周进入联调\n待办: 出接口文档 @李工 周五\n待办: 准备压测环境 @赵工 下周三\n\
                 待确认: 手续费由谁承担"
            ),
            'A' => format!("/{asked} 完成"),
            _ => return None,
        })
        .filter(|_| kept)
    }
}
