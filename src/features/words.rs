//! What the bot says that belongs to no kind of record.

use crate::chat::{Message, Tone};

/// What the bot says when it comes into a room: the three first steps.
pub fn greeting() -> Message {
    Message::text("大家好，我是鼎鼎：记下承诺，到点提醒，逾期升级。三步开始：")
        .line("1. 建项目：/项目 新建 项目名 客户:客户名")
        .line("2. 定角色：/角色 客户主管 @某人 项目经理 @某人 技术对接人 @某人")
        .line("3. 记第一件事：/工单 登录页打不开 !紧急，或 /需求 支付模块支持退款")
        .line("群里若只有 @ 我的消息才能收到，请写：@鼎鼎 /工单 …。全部命令：/帮助")
        .button("全部命令", "/帮助")
}

/// What administrators hear when a platform delivers messages without their text.
pub fn over_quota() -> Message {
    Message::text("本月平台用量已用完，收到的消息没有内容，命令没有执行")
        .line("请在平台管理后台查看用量，或升级版本")
        .tone(Tone::Alarm)
}

/// What administrators hear when most of a platform's monthly calls are used.
pub fn allowance(used: u64, of: u64) -> Message {
    Message::text(format!("钉钉接口本月已调用 {used} 次，额度 {of} 次"))
        .line("用完后消息要到下月才能发出。请在钉钉管理后台查看用量，或升级版本")
        .tone(Tone::Warning)
}

/// What administrators hear of messages that could not be delivered: how many are new, and in all.
pub fn dead_letters(new: usize, all: usize) -> Message {
    Message::text(format!("有 {new} 条消息一天内没有送达，累计 {all} 条"))
        .line("查看和重发：jiuding dead-letters list，jiuding dead-letters retry 编号")
        .tone(Tone::Warning)
}
