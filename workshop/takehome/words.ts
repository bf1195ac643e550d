import { milliseconds, number, percent } from '../../reports/format.ts';
import type { Knobs, SentenceInput } from '../contract.ts';
import { isWordKey, WORDS } from '../page/words.ts';

/** Every word of the take-home around its numbers. */
export interface Words {
  lang: 'en' | 'zh-CN';
  title: string;
  /** `seen`: figures of the session. */
  lead: (seen: {
    minutes: number;
    marks: number;
    requests: number;
    predictions: number;
    measured: number;
  }) => string;
  minutes: string;
  seconds: string;
  panels: { latency: string; hitRatio: string; loadsInFlight: string; staleShare: string };
  courseHeading: string;
  courseTitle: (seen: { lowMs: number | null; highMs: number | null; loads: number }) => string;
  courseMethod: (stepSeconds: number) => string;
  courseText: (seen: {
    lowMs: number | null;
    highMs: number | null;
    lowHits: number | null;
    highHits: number | null;
    loads: number;
    old: number | null;
  }) => string;
  noSamples: string;
  /** Summary of a folded table. */
  numbers: (rows: number) => string;
  minuteColumns: string[];
  marksHeading: string;
  noMarks: string;
  markColumns: [string, string, string, string];
  knobs: Readonly<Record<keyof Knobs, string>>;
  presetsOwn: string;
  noLimit: string;
  segmentsHeading: string;
  segmentsNote: string;
  segmentColumns: string[];
  opened: (knobs: string) => string;
  predictionsHeading: string;
  noQuestions: string;
  answerLabel: (answer: string) => string;
  stripText: (seen: {
    count: number;
    median: string;
    low: string;
    high: string;
    answer: string | null;
    near: number;
    nearMeans: string;
  }) => string;
  within: (share: 'factor' | 'points') => string;
  noPredictions: (answer: string | null) => string;
  stripColumns: string[];
  sentencesHeading: string;
  noSentences: string;
  sentence: (input: SentenceInput) => string;
  sentenceColumns: string[];
  againHeading: string;
  again: string;
  againKnobs: string;
  machineHeading: string;
  data: string;
  dataText: (seed: number, stores: number, processes: number) => string;
  when: string;
  limitsHeading: string;
  limits: string[];
}

const between = (low: number | null, high: number | null, dash: string): string | null =>
  low === null || high === null ? null : `${milliseconds(low)}${dash}${milliseconds(high)}`;

const EN: Words = {
  lang: 'en',
  title: 'cachelab workshop: what this room did',
  lead: ({ minutes, marks, requests, predictions, measured }) =>
    `${number(minutes)} min, ${number(requests, 9)} page views, ${marks} marks, ${predictions} predictions, ${measured} sentences measured.`,
  minutes: 'minutes since the room opened',
  seconds: 'seconds since the room opened',
  panels: {
    latency: 'p50 and p99 (dashed), ms, log scale',
    hitRatio: 'hit ratio',
    loadsInFlight: 'loads in flight, and with those that wait (dashed)',
    staleShare: 'answers with an old price',
  },
  courseHeading: 'The whole session',
  courseTitle: ({ lowMs, highMs, loads }) => {
    const span = between(lowMs, highMs, ' to ');
    return span === null
      ? 'No page was answered'
      : `p50 ran from ${span}; up to ${number(loads)} loads were in flight`;
  },
  courseMethod: (stepSeconds) =>
    `Each step is ${stepSeconds} s: of p50 the median of its seconds, of p99 and loads the highest. Numbers and dotted lines: what was done, listed below. Coloured bar: the policy in force.`,
  courseText: ({ lowMs, highMs, lowHits, highHits, loads, old }) =>
    [
      `Median response time ${between(lowMs, highMs, ' to ') ?? 'unknown'}`,
      ...(lowHits === null || highHits === null
        ? []
        : [`hit ratio ${percent(lowHits)} to ${percent(highHits)}`]),
      `at most ${number(loads)} loads in flight`,
      ...(old === null ? [] : [`at most ${percent(old)} of a step’s answers with an old price`]),
    ]
      .join(', ')
      .concat('.'),
  noSamples: 'No page was viewed in this session, so there is nothing to draw.',
  numbers: (rows) => `The numbers (${number(rows, 9)} ${rows === 1 ? 'row' : 'rows'})`,
  minuteColumns: [
    ...['from, min', 'page views', 'errors', 'p50, ms', 'highest p99, ms', 'hit ratio, %'],
    ...['most loads in flight', 'SELECTs/s', 'old answers, %', 'oldest wrong price, s'],
  ],
  marksHeading: 'What was done when',
  noMarks: 'Nothing was turned or pressed.',
  markColumns: ['No.', 'at (min:s)', 'what', 'value'],
  knobs: {
    preset: 'policy',
    ttlSeconds: 'TTL (s)',
    jitter: 'jitter',
    coalesce: 'single-flight',
    gate: 'gate',
    invalidate: 'invalidation',
    maxmemoryMb: 'maxmemory (MB)',
    maxmemoryPolicy: 'maxmemory-policy',
    readsPerSecond: 'reads/s',
    writesPerMinute: 'price changes/min',
    otherStoresShare: 'other stores’ share',
    dbLatencyMs: 'database latency (ms)',
  },
  presetsOwn: 'the preset’s own',
  noLimit: 'no limit',
  segmentsHeading: 'What each setting brought',
  segmentsNote:
    'One row for each time between turns of the knobs. p50 and p99: median of its seconds, without the first 2 s of a longer one. What else was done meanwhile is in the figures too: this is a demonstration, not a benchmark.',
  segmentColumns: [
    ...['from', 'for, s', 'setting', 'views', 'errors', 'p50, ms', 'p99, ms', 'hits, %'],
    ...['SELECTs/s', 'old, %'],
  ],
  opened: (knobs) => `The room opened with ${knobs}.`,
  predictionsHeading: 'Predicted, then measured',
  noQuestions: 'No question was asked.',
  answerLabel: (answer) => `measured: ${answer}`,
  stripText: ({ count, median, low, high, answer, near, nearMeans }) =>
    `${count === 1 ? 'One prediction' : `${count} predictions`}: median ${median}, ${low} to ${high}. ${
      answer === null
        ? 'Not measured.'
        : `Measured: ${answer}; ${near} of ${count} ${near === 1 ? 'was' : 'were'} ${nearMeans}.`
    }`,
  within: (share) => (share === 'factor' ? 'within a factor of 2' : 'within 5 points'),
  noPredictions: (answer) =>
    answer === null ? 'Nobody predicted.' : `Nobody predicted. Measured: ${answer}.`,
  stripColumns: ['prediction', 'unit'],
  sentencesHeading: 'Theory beside measurement',
  noSentences: 'No sentence was measured.',
  sentence: ({ sentence, ttlSeconds, readsPerSecond, editsPerMinute, loadMs, copies, jitter }) =>
    ({
      'stale-readers': `With a TTL of ${number(ttlSeconds)} s, ${number(editsPerMinute)} edits a minute and ${number(readsPerSecond)} reads/s: readers who see an old price`,
      'hit-ratio': `With a TTL of ${number(ttlSeconds)} s and ${number(readsPerSecond)} reads/s: hit ratio`,
      'loads-per-expiry': `With ${number(readsPerSecond)} reads/s and loads of ${number(loadMs)} ms: loads per expiry`,
      'avalanche-peak': `When ${copies === undefined ? 'all' : number(copies)} copies with a TTL of ${number(ttlSeconds)} s${jitter === undefined || jitter === 0 ? '' : ` ± ${percent(jitter)}`} end under ${number(readsPerSecond)} reads/s: loads in the fullest second`,
    })[sentence],
  sentenceColumns: ['at (min:s)', 'sentence', 'predicted', 'measured', '95 % interval', 'n', 'how'],
  againHeading: 'Run it again',
  again:
    'From a checkout of the same version; the page then has the same services and the same data.',
  againKnobs: 'The knobs at the end of this session, to be put behind the printed address:',
  machineHeading: 'Machine and versions',
  data: 'Data',
  dataText: (seed, stores, processes) =>
    `seed ${seed}, the restaurant and ${number(stores, 9)} generated stores; ${processes} server processes`,
  when: 'Opened, ended (UTC)',
  limitsHeading: 'What these numbers cannot say',
  limits: [
    'One machine: k6, server, Redis and Postgres share its cores, and everything goes over loopback. No network’s delay or loss is in any figure, and a busy core shows in all of them.',
    'Response times are the handling time at the server: what a request waits before the server takes it up is not in them.',
    'The database’s latency is a wait that is added to each round trip, not a slower disk or a busier replica.',
    'A quantile over 2 s of a few reads a second rests on few requests: p99 is then the slowest one.',
    'One session is one run: nothing here was repeated. Verdicts with intervals come from npm run bench.',
  ],
};

const ZH: Words = {
  lang: 'zh-CN',
  title: 'cachelab 工作坊：这一场做了什么',
  lead: ({ minutes, marks, requests, predictions, measured }) =>
    `${number(minutes)} 分钟，${number(requests, 9)} 次页面访问，${marks} 个标记，${predictions} 个预测，实测 ${measured} 个句子。`,
  minutes: '开场后的分钟数',
  seconds: '开场后的秒数',
  panels: {
    latency: 'p50 与 p99（虚线），ms，对数轴',
    hitRatio: '命中率',
    loadsInFlight: '进行中的加载，加上等待者（虚线）',
    staleShare: '带旧价格的应答',
  },
  courseHeading: '全过程',
  courseTitle: ({ lowMs, highMs, loads }) => {
    const span = between(lowMs, highMs, ' 到 ');
    return span === null ? '没有页面得到应答' : `p50 从 ${span}；同时加载最多 ${number(loads)} 个`;
  },
  courseMethod: (stepSeconds) =>
    `每一级 ${stepSeconds} s：p50 取各秒的中位数，p99 与加载数取最大值。数字与点线：做过的事，见下表。色条：当时的策略。`,
  courseText: ({ lowMs, highMs, lowHits, highHits, loads, old }) =>
    [
      `响应时间中位数 ${between(lowMs, highMs, ' 到 ') ?? '未知'}`,
      ...(lowHits === null || highHits === null
        ? []
        : [`命中率 ${percent(lowHits)} 到 ${percent(highHits)}`]),
      `同时加载最多 ${number(loads)} 个`,
      ...(old === null ? [] : [`一级之内最多 ${percent(old)} 的应答带旧价格`]),
    ]
      .join('，')
      .concat('。'),
  noSamples: '这一场没有页面访问，没有可画的内容。',
  numbers: (rows) => `数据（${number(rows, 9)} 行）`,
  minuteColumns: [
    ...['起始，分', '页面访问', '错误', 'p50, ms', '最高 p99, ms', '命中率, %'],
    ...['最多同时加载', 'SELECT/s', '旧应答, %', '最久的错价, s'],
  ],
  marksHeading: '什么时候做了什么',
  noMarks: '没有转动旋钮，也没有按下按钮。',
  markColumns: ['编号', '时间（分:秒）', '做了什么', '数值'],
  knobs: {
    preset: '策略',
    ttlSeconds: 'TTL (s)',
    jitter: '抖动',
    coalesce: '单飞（single-flight）',
    gate: '加载闸门',
    invalidate: '失效方式',
    maxmemoryMb: 'maxmemory (MB)',
    maxmemoryPolicy: 'maxmemory-policy',
    readsPerSecond: '读/s',
    writesPerMinute: '改价/分',
    otherStoresShare: '其他店铺占比',
    dbLatencyMs: '数据库延迟 (ms)',
  },
  presetsOwn: '预设自带',
  noLimit: '不限',
  segmentsHeading: '每种设置带来了什么',
  segmentsNote:
    '每行是两次转动旋钮之间的一段。p50、p99 取各秒的中位数，较长的一段不计最初 2 s。其间的其他操作也在数字里：这是演示，不是基准测试。',
  segmentColumns: [
    ...['起始', '时长, s', '设置', '访问', '错误', 'p50, ms', 'p99, ms', '命中, %'],
    ...['SELECT/s', '旧价, %'],
  ],
  opened: (knobs) => `开场时的设置：${knobs}。`,
  predictionsHeading: '先预测，后实测',
  noQuestions: '没有提问。',
  answerLabel: (answer) => `实测：${answer}`,
  stripText: ({ count, median, low, high, answer, near, nearMeans }) =>
    `${count} 个预测：中位数 ${median}，${low} 到 ${high}。${
      answer === null ? '没有实测。' : `实测：${answer}；${count} 个之中 ${near} 个${nearMeans}。`
    }`,
  within: (share) => (share === 'factor' ? '相差不到一倍' : '相差不到 5 个百分点'),
  noPredictions: (answer) => (answer === null ? '没有人预测。' : `没有人预测。实测：${answer}。`),
  stripColumns: ['预测', '单位'],
  sentencesHeading: '理论与实测',
  noSentences: '没有实测句子。',
  sentence: ({ sentence, ttlSeconds, readsPerSecond, editsPerMinute, loadMs, copies, jitter }) =>
    ({
      'stale-readers': `TTL ${number(ttlSeconds)} s，每分钟改价 ${number(editsPerMinute)} 次，每秒读 ${number(readsPerSecond)} 次：看到旧价格的读者`,
      'hit-ratio': `TTL ${number(ttlSeconds)} s，每秒读 ${number(readsPerSecond)} 次：命中率`,
      'loads-per-expiry': `每秒读 ${number(readsPerSecond)} 次，一次加载 ${number(loadMs)} ms：每次过期的加载数`,
      'avalanche-peak': `${copies === undefined ? '全部' : `${number(copies)} 个`}副本（TTL ${number(ttlSeconds)} s${jitter === undefined || jitter === 0 ? '' : ` ± ${percent(jitter)}`}）到期，每秒读 ${number(readsPerSecond)} 次：最满一秒的加载数`,
    })[sentence],
  sentenceColumns: ['时间（分:秒）', '句子', '理论', '实测', '95 % 区间', 'n', '测法'],
  againHeading: '再跑一次',
  again: '用同一版本的代码：页面会有同样的服务和同样的数据。',
  againKnobs: '这一场结束时的旋钮，接在打印出的地址后面：',
  machineHeading: '机器与版本',
  data: '数据',
  dataText: (seed, stores, processes) =>
    `种子 ${seed}，老张餐馆和 ${number(stores, 9)} 家生成的店铺；${processes} 个服务器进程`,
  when: '开场、结束（UTC）',
  limitsHeading: '这些数字说明不了什么',
  limits: [
    '一台机器：k6、服务器、Redis 和 Postgres 共用它的核，全部走回环地址。没有网络的延迟和丢包；某个核忙起来，所有数字都会看出来。',
    '响应时间是服务器上的处理时间：请求在服务器接手之前等待的时间不在其中。',
    '数据库延迟是加在每次往返上的等待，不是更慢的磁盘，也不是更忙的副本。',
    '每秒只有几次读时，2 s 内的分位数只靠少数请求：p99 就是最慢的那一个。',
    '一场就是一次运行：没有重复。带区间的结论来自 npm run bench。',
  ],
};

/** The words of a language. */
export function wordsOf(lang: 'en' | 'zh'): Words {
  return lang === 'zh' ? ZH : EN;
}

/** What the page calls an action, a question or a kind of mark; a name that it does not know as it is. */
export function pageWord(
  sort: 'action' | 'question' | 'kind' | 'unit',
  name: string,
  { lang }: Words,
): string {
  const key = `${sort} ${name}`;
  return isWordKey(key) ? WORDS[lang === 'en' ? 'en' : 'zh'][key] : name;
}

/** `policy = lease; TTL (s) = the preset’s own`. */
export function knobsText(changed: Partial<Knobs>, words: Words): string {
  return (Object.entries(changed) as [keyof Knobs, Knobs[keyof Knobs]][])
    .map(([name, value]) => {
      const none = name === 'maxmemoryMb' ? words.noLimit : words.presetsOwn;
      return `${words.knobs[name]} = ${value === null ? none : value}`;
    })
    .join('; ');
}
