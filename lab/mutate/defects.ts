/** One mistake that somebody could make, and the test that is there to notice it. */
export interface Defect {
  name: string;
  file: string;
  /** Exact text that is in the file once. */
  find: string;
  replace: string;
  test: {
    file: string;
    /** Part of its name: the whole of it, or what is fixed in the name of a table's rows. */
    name: string;
  };
}

/**
 * Puts a defect into the text of its file.
 * @throws Error when the text to replace is not there exactly once: then the table is out of date.
 */
export function plant(text: string, { name, file, find, replace }: Defect): string {
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(`${name}: its text is ${parts.length - 1} times in ${file}, not once`);
  }
  return parts.join(replace);
}

const in_ = (file: string, name: string): Defect['test'] => ({ file, name });
const validity = (name: string): Defect['test'] => in_('lab/validity.test.ts', name);
const statistics = (file: string, name: string): Defect['test'] =>
  in_(`lab/stats/${file}.test.ts`, name);
const reduction = (name: string): Defect['test'] => in_('lab/k6/reduce.test.ts', name);
const cache = (name: string): Defect['test'] => in_('test/cache-contract.test.ts', name);
const catalog = (name: string): Defect['test'] => in_('test/catalog.test.ts', name);

/** What `npm run mutate` plants, one at a time. */
export const DEFECTS: readonly Defect[] = [
  // Order of the trials
  {
    name: 'order-not-balanced',
    file: 'lab/plan.ts',
    find: 'base[(slot + shift) % base.length]!',
    replace: 'base[slot]!',
    test: in_(
      'lab/plan.test.ts',
      'each arm takes each slot exactly once in every 4 rounds of 4 arms',
    ),
  },
  {
    name: 'order-ignores-seed',
    file: 'lab/plan.ts',
    find: 'seededRandom(`${seed}/${experiment}/order`)',
    replace: 'seededRandom(`${experiment}/order`)',
    test: in_('lab/plan.test.ts', 'the same seed gives the same plan, another seed another order'),
  },
  {
    name: 'each-arm-draws-its-own-latencies',
    file: 'lab/plan.ts',
    find: '`${seed}/${experiment}/${round}`',
    replace: '`${seed}/${experiment}/${round}/${slot}`',
    test: in_('lab/plan.test.ts', 'the arms of one round share a seed, rounds do not'),
  },
  // Quantiles
  {
    name: 'quantile-off-by-one',
    file: 'lab/stats/quantile.ts',
    find: 'Math.ceil(q * arrivals - 1e-9)',
    replace: 'Math.ceil(q * arrivals - 1e-9) + 1',
    test: statistics('quantile', 'measured and'),
  },
  {
    name: 'dropped-arrivals-not-censored',
    file: 'lab/stats/quantile.ts',
    find: 'const arrivals = measured + censored;',
    replace: 'const arrivals = measured;',
    test: statistics('quantile', 'ends where the dropped arrivals begin'),
  },
  {
    name: 'tail-of-too-few-samples',
    file: 'lab/stats/quantile.ts',
    find: 'const SAMPLES_BEYOND = 10;',
    replace: 'const SAMPLES_BEYOND = 1;',
    test: statistics('quantile', 'of 10,000 values rises and ends at 0.999, where 10 lie beyond'),
  },
  {
    name: 'merge-keeps-the-last-part',
    file: 'lab/stats/histogram.ts',
    find: 'for (const one of encoded) sum.add(',
    replace: 'for (const one of encoded) sum.reset(), sum.add(',
    test: statistics('quantile', 'of histograms merged from parts are those of the pooled values'),
  },
  // Statistics
  {
    name: 'p-is-one-sided',
    file: 'lab/stats/sign-flip.ts',
    find: 'return extreme / 2 ** differences.length;',
    replace: 'return extreme / 2 / 2 ** differences.length;',
    test: statistics('sign-flip', "gives Fisher's fifteen pairs of Darwin's maize"),
  },
  {
    name: 'holm-without-steps',
    file: 'lab/stats/holm.ts',
    find: 'ps[index]! * (ps.length - rank)',
    replace: 'ps[index]! * ps.length',
    test: statistics('holm', 'Holm makes'),
  },
  {
    name: 'holm-turns-the-order-round',
    file: 'lab/stats/holm.ts',
    find: 'highest = Math.max(highest, Math.min(1, ps[index]! * (ps.length - rank)));',
    replace: 'highest = Math.min(1, ps[index]! * (ps.length - rank));',
    test: statistics('holm', 'and the order of the findings stays'),
  },
  {
    name: 'normal-interval-for-few-trials',
    file: 'lab/stats/t-interval.ts',
    find: '(tQuantile((1 + level) / 2, n - 1) * sd)',
    replace: '(1.96 * sd)',
    test: statistics('t-interval', "the 95 % interval of Student's own sleep data"),
  },
  {
    name: 'equivalence-looks-at-one-side',
    file: 'lab/stats/equivalence.ts',
    find: 'interval.low >= -ZONE_LOG && ',
    replace: '',
    test: statistics('equivalence', 'is equivalent:'),
  },
  {
    name: 'verdict-from-six-rounds',
    file: 'lab/stats/compare.ts',
    find: 'compared.rounds < ROUNDS_FOR_A_VERDICT',
    replace: 'compared.rounds < PAIRS_FOR_P',
    test: statistics('compare', 'needs 12 rounds: with 11 there is none'),
  },
  {
    name: 'verdict-without-holm',
    file: 'lab/stats/compare.ts',
    find: 'pHolm !== null && pHolm <= ALPHA',
    replace: 'compared.p !== null && compared.p <= ALPHA',
    test: statistics('compare', 'needs p <= 0.05 after Holm'),
  },
  {
    name: 'more-false-alarms-by-seven-percent',
    file: 'lab/stats/compare.ts',
    find: 'const ALPHA = 0.05;',
    replace: 'const ALPHA = 0.12;',
    test: statistics('compare', 'needs p <= 0.05 after Holm'),
  },
  // Validity of a trial
  {
    name: 'server-down-is-a-result',
    file: 'lab/validity.ts',
    find: 'counts.started > 0 && counts.completed === 0',
    replace: 'counts.started > 0 && counts.completed < 0',
    test: validity('a server that is down: 1,000 requests of 0 ms, exit code 0'),
  },
  {
    name: 'uncaught-exceptions-are-fine',
    file: 'lab/validity.ts',
    find: 'if (thrown.length > 0) {',
    replace: 'if (thrown.length < 0) {',
    test: validity('a script that throws where nobody catches it'),
  },
  {
    name: 'refusals-are-fine',
    file: 'lab/validity.ts',
    find: 'if (errorShare > LIMITS.errorShareInvalid) {',
    replace: 'if (errorShare > 1) {',
    test: validity('quick refusals among the pages'),
  },
  {
    name: 'dropped-arrivals-are-a-warning',
    file: 'lab/validity.ts',
    find: 'const tooMany = share > LIMITS.droppedShareInvalid;',
    replace: 'const tooMany = share > 1;',
    test: validity('2 users for 200 arrivals/s'),
  },
  {
    name: 'late-starts-are-fine',
    file: 'lab/validity.ts',
    find: 'startLagInvalidMs: 50,',
    replace: 'startLagInvalidMs: 5000,',
    test: validity('start lag p99 of 51 ms'),
  },
  {
    name: 'a-full-generator-is-fine',
    file: 'lab/validity.ts',
    find: 'generatorCoresInvalid: 0.7,',
    replace: 'generatorCoresInvalid: 7,',
    test: validity('k6 on 0.71 core'),
  },
  {
    name: 'a-neighbour-is-a-warning',
    file: 'lab/validity.ts',
    find: 'foreignCpuInvalid: 0.15,',
    replace: 'foreignCpuInvalid: 1,',
    test: validity('16 % foreign CPU'),
  },
  {
    name: 'one-witness-is-enough',
    file: 'lab/validity-witnesses.ts',
    find: 'if (postgres !== null && missed > ',
    replace: 'if (postgres === null && missed > ',
    test: validity('Postgres counting 1 SELECT more'),
  },
  {
    name: 'page-of-any-cost',
    file: 'lab/validity-witnesses.ts',
    find: 'if (Math.abs(server.selects - declared) <= slack) return [];',
    replace: 'if (server.selects + declared >= slack) return [];',
    test: validity('1,141 SELECTs in 10 loads, 114 declared'),
  },
  {
    name: 'any-flag-can-be-excused',
    file: 'lab/validity.ts',
    find: 'reason === undefined || NEVER_EXCUSED.includes(flag.flag)',
    replace: 'reason === undefined',
    test: validity('never are script errors, a wrong state or missing samples'),
  },
  {
    name: 'freeze-may-be-missing',
    file: 'lab/trial.ts',
    find: "events.some(({ kind }) => kind === 'thaw')",
    replace: "events.every(({ kind }) => kind !== 'thaw')",
    test: in_('test/faults.test.ts', 'a freeze that did not come about'),
  },
  // From k6's samples to figures
  {
    name: 'latency-from-the-actual-start',
    file: 'lab/k6/reduce.ts',
    find: 'recordMs(response, ms + lag);',
    replace: 'recordMs(response, ms);',
    test: reduction('response counts from the scheduled start: 10 requests held up by 500 ms'),
  },
  {
    name: 'connecting-counted-twice',
    file: 'lab/k6/reduce.ts',
    find: 'return request.blockedMs + request.durationMs;',
    replace: 'return request.blockedMs + request.connectingMs + request.durationMs;',
    test: reduction('never measures a request longer than the iteration that made it'),
  },
  {
    name: 'connecting-left-out',
    file: 'lab/k6/reduce.ts',
    find: 'return request.blockedMs + request.durationMs;',
    replace: 'return request.durationMs;',
    test: in_('test/faults.test.ts', 'is part of the response time, though k6 leaves it out'),
  },
  {
    name: 'refusals-among-the-pages',
    file: 'lab/k6/reduce.ts',
    find: 'recordMs(errors, ms + lag);\n      return;',
    replace: 'recordMs(errors, ms + lag);',
    test: reduction('keeps the failed pages out of the response times'),
  },
  {
    name: 'dropped-arrivals-leave-the-schedule',
    file: 'lab/k6/reduce.ts',
    find: 'alignToSchedule([...starts, ...dropStarts], periodMs)',
    replace: 'alignToSchedule(starts, periodMs)',
    test: reduction('a dropped arrival keeps its place in the schedule'),
  },
  // Records, resume, analysis
  {
    name: 'half-a-line-stays',
    file: 'lab/records.ts',
    find: 'if (end < bytes.length) truncateSync(path, end);',
    replace: 'if (end > bytes.length) truncateSync(path, end);',
    test: in_('lab/records.test.ts', 'a last line that a kill cut short is dropped'),
  },
  {
    name: 'resume-makes-all-trials-again',
    file: 'lab/bench.ts',
    find: 'const left = all.filter(({ trial }) => !isSettled(log.records, before, trial));',
    replace: 'const left = all;',
    test: in_('test/bench.test.ts', 'a run that is complete is resumed without another trial'),
  },
  {
    name: 'one-witness-confirms-a-claim',
    file: 'scenarios/latency/experiment.ts',
    find: 'counts.server === 114 && (counts.postgres === null || counts.postgres === 114)',
    replace: 'counts.server === 114',
    test: in_('lab/analyse.test.ts', '114 by the server and 113 by Postgres refutes C1'),
  },
  {
    name: 'search-believes-a-lucky-pass',
    file: 'lab/search.ts',
    find: '(fail === null || probe.ratePerSecond < fail)',
    replace: 'probe.ratePerSecond > 0',
    test: in_('lab/search.test.ts', 'a pass above a failing rate does not count'),
  },
  // Processes and downloads
  {
    name: 'kills-a-reused-pid',
    file: 'lab/provision/reap.mjs',
    find: '(entry) => entry.startTime !== null && startTime(entry.pid) === entry.startTime,',
    replace: '(entry) => entry.startTime !== null && startTime(entry.pid) !== null,',
    test: in_(
      'lab/provision/supervisor.test.ts',
      'never touches a process whose pid is in the run file but whose start time is another',
    ),
  },
  {
    name: 'checksum-not-compared',
    file: 'lab/provision/k6.ts',
    find: 'if (actual !== expected.toLowerCase()) {',
    replace: 'if (actual.length !== expected.length) {',
    test: in_('lab/provision/k6.test.ts', 'with another checksum than listed is not used'),
  },
  // The page and its version
  {
    name: 'page-of-113-selects',
    file: 'server/catalog/naive.ts',
    find: 'const [theme] = await select<ThemeRow>(SELECT_THEME, store.id);',
    replace: 'const [theme]: ThemeRow[] = [];',
    test: catalog('a naive page runs 114 SELECTs of 6 shapes, and its log says the same'),
  },
  {
    name: 'page-shows-the-version-before',
    file: 'server/catalog/naive.ts',
    find: 'menuVersion: page.store.menu_version,',
    replace: 'menuVersion: page.store.menu_version - 1,',
    test: catalog('answers the version that the next page shows, and both prices'),
  },
  {
    name: 'torn-page',
    file: 'server/database/database.ts',
    find: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    replace: 'BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY',
    test: in_(
      'test/database.test.ts',
      'of a snapshot sees no row that was committed after its first statement',
    ),
  },
  {
    name: 'delete-raises-no-version',
    file: 'seed/triggers.sql',
    find: "IF TG_OP = 'DELETE' THEN\n    UPDATE cachelab.stores SET menu_version = menu_version + 1 WHERE id = OLD.store_id;",
    replace: "IF TG_OP = 'DELETE' THEN",
    test: in_('test/seed.test.ts', 'an insert and a delete each raise the menu version by 1'),
  },
  // The cache
  {
    name: 'no-del-after-commit',
    file: 'server/cache/invalidate-on-write.ts',
    find: 'return slots.remove(key, version).then(',
    replace: 'return Promise.resolve(version).then(',
    test: cache('afterWrite is true only if the next read loads'),
  },
  {
    name: 'del-before-commit',
    file: 'server/http/update-price.ts',
    find: '    const result = await updatePrice(db, {',
    replace:
      '    await context.inForce.strategy.afterWrite(keys.catalog(slug));\n    const result = await updatePrice(db, {',
    test: in_('test/delete-after-commit.test.ts', 'while a COMMIT is under way the copy stays'),
  },
  {
    name: 'copy-without-ttl',
    file: 'server/redis.ts',
    find: "redis.set(key, value, 'PX', ttlMs));",
    replace: 'redis.set(key, value));',
    test: cache('the first read is a miss that leaves a copy for 3600 s'),
  },
  {
    name: 'copy-lives-for-ever',
    file: 'server/cache/cache-aside.ts',
    find: "nowMs < entry.loadStartedAtMs + entry.ttlMs ? 'fresh' : 'expired'",
    replace: "nowMs >= entry.loadStartedAtMs ? 'fresh' : 'expired'",
    test: cache('a copy is a hit until its life is over, to the millisecond'),
  },
  {
    name: 'stale-header-version',
    file: 'server/cache/entry.ts',
    find: 'bytes.writeUIntBE(menuVersion, 4, 6);',
    replace: 'bytes.writeUIntBE(Math.max(0, menuVersion - 1), 4, 6);',
    test: in_('server/cache/entry.test.ts', 'any body and any facts come back as they were put in'),
  },
  {
    name: 'age-from-the-end-of-the-load',
    file: 'server/cache/entry.ts',
    find: 'const loadStartedAtMs = now();\n  const loaded = await load();',
    replace: 'const loaded = await load();\n  const loadStartedAtMs = now();',
    test: in_(
      'server/cache/entry.test.ts',
      'a load that takes 900 ms is stamped with the moment at which it began',
    ),
  },
  {
    name: 'lock-released-by-anybody',
    file: 'server/cache/scripts.ts',
    find: "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0",
    replace:
      "if redis.call('GET', KEYS[1]) ~= '' then return redis.call('DEL', KEYS[1]) end return 0",
    test: cache('is had by one, and released by its own token alone'),
  },
  {
    name: 'no-second-look-after-the-lock',
    file: 'server/cache/scripts.ts',
    find: "if head ~= '' and head ~= ARGV[3] then return redis.call('GET', KEYS[1]) end",
    replace: '',
    test: in_('test/cache-gates.test.ts', 'reads what the holder has filled with'),
  },
  {
    name: 'fill-without-a-token',
    file: 'server/cache/scripts.ts',
    find: "if redis.call('GET', KEYS[2]) == ARGV[1] then",
    replace: 'if true then',
    test: in_('test/cache-fences.test.ts', ': the next reader gets version'),
  },
  {
    name: 'invalidation-leaves-the-token',
    file: 'server/cache/scripts.ts',
    find: "redis.call('DEL', KEYS[2])\nreturn 1`,",
    replace: 'return 1`,',
    test: in_('test/cache-fences.test.ts', ': the next reader gets version'),
  },
  {
    name: 'followers-take-refused-pages',
    file: 'server/cache/single-flight.ts',
    find: 'if (!slots.fenced || !joinedWhileLoading || !flight.miss.unfenced) return shared(read);',
    replace: 'return shared(read);',
    test: in_('test/cache-fences.test.ts', ': he gets version'),
  },
  {
    name: 'failing-loads-in-a-convoy',
    file: 'server/cache/scripts.ts',
    find: 'if before >= 0 and failures > before then return -2 end',
    replace: '',
    test: in_('test/cache-gates.test.ts', ': 40 readers wait for one load and no second'),
  },
  {
    name: 'jitter-only-upwards',
    file: 'server/cache/jitter.ts',
    find: '(2 * random() - 1)',
    replace: 'random()',
    test: in_('test/cache-windows.test.ts', 'in the header and in Redis'),
  },
  {
    name: 'jitter-not-applied',
    file: 'server/cache/jitter.ts',
    find: 'if (share === 0) return;',
    replace: 'if (share >= 0) return;',
    test: in_('test/cache-windows.test.ts', 'in the header and in Redis'),
  },
  {
    name: 'old-pages-without-end',
    file: 'server/cache/stale-if-error.ts',
    find: 'now() >= expired.loadStartedAtMs + expired.ttlMs + windowMs',
    replace: 'now() < 0',
    test: in_('test/cache-windows.test.ts', 'ends 600 s after the life of the page'),
  },
  {
    name: 'absence-kept-for-ever',
    file: 'server/cache/cache-aside.ts',
    find: 'now() >= entry.loadStartedAtMs + entry.ttlMs',
    replace: 'now() < 0',
    test: in_(
      'test/admission.test.ts',
      'answers the second request with its age and without a SELECT',
    ),
  },
  {
    name: 'absence-kept-across-an-announcement',
    file: 'server/cache/negative.ts',
    find: 'announcements() === before',
    replace: 'announcements() !== -1',
    test: in_('test/admission.test.ts', 'is not written by a load during which a new store'),
  },
  {
    name: 'rejected-without-having-heard',
    file: 'server/admission/known-slugs.ts',
    find: '(await barrier()) &&',
    replace: '',
    test: in_('test/admission.test.ts', '300 stores, asked for the moment they are committed'),
  },
  {
    name: 'signed-hash',
    file: 'server/admission/bloom.ts',
    find: '(hash ^ (hash >>> 16)) >>> 0',
    replace: 'Math.abs(hash % 1000)',
    test: in_('server/admission/bloom.test.ts', 'lets through what theory says'),
  },
  {
    name: 'old-page-into-the-first-level',
    file: 'server/cache/l1.ts',
    find: 'own.reads.evictions === own.evictions',
    replace: 'own.evictions >= 0',
    test: in_(
      'test/l1.test.ts',
      'a page whose read began before the eviction is sent and not kept',
    ),
  },
  {
    name: 'first-level-outlives-its-link',
    file: 'server/cache/l1.ts',
    find: 'held.clear();',
    replace: '',
    test: in_('test/l1.test.ts', 'when the subscription is lost all pages go'),
  },
  {
    name: 'torn-pages',
    file: 'server/catalog/naive.ts',
    find: "isolation === 'read-committed'",
    replace: "isolation !== 'read-committed'",
    test: in_('test/isolation.test.ts', 'repeatable read: the page shows both old prices'),
  },
  {
    name: 'queue-without-bound',
    file: 'server/database/gate.ts',
    find: 'maxWaitMs !== null && this.queue.size >= maxWaiting',
    replace: 'maxWaitMs === null && this.queue.size >= maxWaiting',
    test: in_('server/database/gate.test.ts', 'turns the fourth away at once when 3 may wait'),
  },

  // The simulator
  {
    name: 'lru-forgets-uses',
    file: 'sim/policies/lru.ts',
    find: 'if (newest === at) continue;',
    replace: 'if (newest !== -2) continue;',
    test: in_('sim/policies/lru.test.ts', 'LRU hits where a list in order of use hits'),
  },
  {
    name: 'sieve-hand-starts-over',
    file: 'sim/policies/sieve.ts',
    find: 'this.#hand = at;\n    this.#unlink(at);',
    replace: 'this.#hand = at;\n    this.#unlink(at);\n    this.#hand = head;',
    test: in_('sim/policies/sieve.test.ts', 'SIEVE hits where a list with a hand'),
  },
  {
    name: 'newest-candidate-leaves-first',
    file: 'sim/redis/pool.ts',
    find: 'scores[at - 1]! >= score; at -= 1',
    replace: 'scores[at - 1]! > score; at -= 1',
    test: in_(
      'sim/redis/pool.test.ts',
      'of equal scores the key that was sampled first leaves first',
    ),
  },
  {
    name: 'jitter-only-lengthens',
    file: 'sim/time/simulate.ts',
    find: 'ttlMs * (1 + jitter * (2 * this.#jitter() - 1))',
    replace: 'ttlMs * (1 + jitter * this.#jitter())',
    test: in_('sim/time/closed-forms.test.ts', '2,000 objects warmed at once expire together'),
  },
  {
    name: 'fence-refuses-nothing',
    file: 'sim/time/simulate.ts',
    find: 'this.#loads.refuse(id);',
    replace: '',
    test: in_(
      'sim/time/simulate.test.ts',
      'leaves nothing under a fence, which nobody joins after the DEL',
    ),
  },
  {
    name: 'writes-count-as-reads',
    file: 'sim/trace.ts',
    find: 'if (ops[at] !== OP.read) continue;',
    replace: '',
    test: in_('sim/trace.test.ts', 'writes are left out with their times'),
  },
  {
    name: 'dense-file-outlives-its-source',
    file: 'lab/traces/dense.ts',
    find: 'if (JSON.stringify(header.source) !== JSON.stringify(sourceOf(source))) return null;',
    replace: '',
    test: in_('lab/traces/traces.test.ts', 'is made anew when its source changes'),
  },
];
