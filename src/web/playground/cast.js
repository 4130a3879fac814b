// The people and rooms of the sample project, and who sits where.

import { el } from './dom.js';

export const BOT = { id: 'jiuding', name: '鼎鼎', role: '机器人' };

export const PEOPLE = [
  { id: 'chen', name: '陈主管', role: '客户主管', hue: 262 },
  { id: 'zhang', name: '张经理', role: '项目经理', hue: 212 },
  { id: 'li', name: '李工', role: '技术对接人', hue: 152 },
  { id: 'zhao', name: '赵工', role: '技术骨干', hue: 32 },
  { id: 'wang', name: '王女士', role: '客户代表', hue: 342, outside: true },
];

const TEAM = PEOPLE.filter((person) => !person.outside);

const ROOMS = [
  {
    id: 'demo-internal',
    name: '远山支付 · 项目群',
    about: '团队自己的群：需求、工单、风险都在这里说，升级提醒只发到这里',
    icon: '群',
    members: TEAM,
    steps: [
      [
        '/项目 新建 远山支付 客户:远山银行 行业:银行 类型:定制开发\n/角色 客户主管 @陈主管 项目经理 @张经理 技术对接人 @李工 客户代表 @王女士',
        '先建项目，告诉它谁是谁；一次可以说几行',
      ],
      ['/工单 登录页打不开 !紧急', '开一张紧急工单，2 小时响应的钟开始走'],
      ['/需求 支付模块支持退款 !高 @李工 截止:下周五', '记一条需求：负责人、优先级、截止日'],
      ['/帮助', '看看它都会什么'],
    ],
  },
  {
    id: 'demo-customer',
    name: '远山支付 · 客户群',
    about: '客户也在的群：内部风险和升级提醒不会出现在这里',
    icon: '客',
    members: PEOPLE,
    steps: [
      ['/项目 绑定 远山支付 客户群', '把这个群绑定为项目的客户群'],
      ['/工单 对账文件下载失败', '客户报一个问题，24 小时内解决'],
      ['/帮助', '看看它都会什么'],
    ],
  },
];

const DIRECT_STEPS = [
  ['我的', '我名下的事，按截止时间排好'],
  ['帮助', '私聊不用斜杠，直接说就行'],
  ['状态', '项目现在怎么样'],
];

export const personOf = (id) => PEOPLE.find((person) => person.id === id);

/** The rooms in which this person sits: those of the sample project, the direct chat, and what else is there. */
export function roomsOf(person, summaries) {
  const direct = { id: `dm:${person.id}`, name: '与鼎鼎私聊', about: '只有你和它看得到', icon: '私', members: [person], steps: DIRECT_STEPS, direct: true };
  const known = ROOMS.filter((room) => room.members.includes(person));
  const others = summaries
    .filter((room) => !room.id.startsWith('dm:') && !ROOMS.some((known) => known.id === room.id))
    .map((room) => ({ id: room.id, name: room.name ?? room.id, about: '', icon: '群', members: PEOPLE, steps: [['/帮助', '看看它都会什么']] }));
  return [...known, direct, ...others];
}

/** A round sign with somebody's family name. */
export function face(person) {
  if (person.id === BOT.id) return el('span', { class: 'face bot', 'aria-hidden': 'true' }, '鼎');
  const sign = el('span', { class: 'face', 'aria-hidden': 'true' }, [...person.name][0] ?? '?');
  sign.style.setProperty('--hue', person.hue ?? hueOf(person.id));
  return sign;
}

function hueOf(id) {
  let hue = 7;
  for (const char of id) hue = (hue * 31 + char.codePointAt(0)) % 360;
  return hue;
}
