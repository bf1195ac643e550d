import { timingSafeEqual } from 'node:crypto';
import express, { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { z } from 'zod';
import type { LabStats, LabView, PhaseStats, TakenJournal } from '../../lab/server-protocol.ts';
import { buildStrategy, PolicyError, resolvePolicy } from '../cache/policy.ts';
import type { Policy } from '../cache/policy.ts';
import type { Context } from '../context.ts';
import { monotonicUs } from '../journal.ts';
import type { PhaseCounters } from '../page-stats.ts';
import { MAX_BODY, onlyMethods, parseOrRefuse, Problem } from './problem.ts';
import { readPage } from './read-page.ts';

const MAX_LATENCY_MS = 1000;
const latencyRange = `milliseconds from 0 to ${MAX_LATENCY_MS}`;
const latencyMs = z.number(latencyRange).min(0, latencyRange).max(MAX_LATENCY_MS, latencyRange);
const latencySchema = z
  .strictObject(
    { minMs: latencyMs, maxMs: latencyMs },
    'a JSON object `{"minMs": 5, "maxMs": 10}`, sent as application/json',
  )
  .refine(({ minMs, maxMs }) => minMs <= maxMs, 'minMs is at most maxMs');

/** `/lab/*`: what the lab asks and tells a server under test. The shapes are those of `lab/server-protocol.ts`. */
export function labRouter(context: Context): Router {
  const router = Router();
  router.use(guard(context.labToken), express.json({ limit: MAX_BODY, strict: false }));

  router
    .route('/noop')
    .get((_request, response) => {
      response.end('ok'); // no work at all: what is slow against this is the generator
    })
    .all(onlyMethods('GET', 'HEAD'));

  router
    .route('/policy')
    .get((_request, response) => {
      response.json(policyAnswer(context.inForce));
    })
    .put(servePutPolicy(context))
    .all(onlyMethods('GET', 'HEAD', 'PUT'));

  router
    .route('/stats')
    .get((_request, response) => {
      response.json(labStats(context));
    })
    .all(onlyMethods('GET', 'HEAD'));

  router
    .route('/stats/reset')
    .post((_request, response) => {
      context.stats.reset();
      context.db.resetCounters();
      response.json({ reset: true });
    })
    .all(onlyMethods('POST'));

  router
    .route('/journal')
    .get((_request, response) => {
      response.json(keptJournal(context).answer());
    })
    .all(onlyMethods('GET', 'HEAD'));

  router
    .route('/journal/reset')
    .post((_request, response) => {
      keptJournal(context).reset();
      response.json({ reset: true });
    })
    .all(onlyMethods('POST'));

  router
    .route('/journal/take')
    .post((_request, response) => {
      response.json(takeJournal(context));
    })
    .all(onlyMethods('POST'));

  router
    .route('/db-latency')
    .get((_request, response) => {
      response.json(context.db.latency());
    })
    .put((request, response) => {
      context.db.setLatency(parseOrRefuse(latencySchema, request.body, 'body'));
      response.json(context.db.latency());
    })
    .all(onlyMethods('GET', 'HEAD', 'PUT'));

  router.route('/view/:slug').get(serveView(context)).all(onlyMethods('GET', 'HEAD'));

  router
    .route('/cache/clear')
    .post(async (_request, response) => {
      // What a policy holds in this process goes with its strategy.
      context.inForce = inForce(context, context.inForce.policy);
      const deleted = await context.redis.clear(context.keys.families).catch((cause: unknown) => {
        throw new Problem(503, 'redis gives no answer: its keys are still there', { cause });
      });
      response.json({ deleted });
    })
    .all(onlyMethods('POST'));

  return router;
}

function keptJournal({ journal }: Context): NonNullable<Context['journal']> {
  if (journal === null)
    throw new Problem(409, 'no journal is kept: start the server with CACHELAB_JOURNAL=on');
  return journal;
}

/** A page as a visitor gets it, with what it cost. */
function serveView(
  context: Context,
): (request: Request<{ slug: string }>, response: Response) => Promise<void> {
  return async (request, response) => {
    const { catalog, ...facts } = await readPage(context, request.params.slug);
    response.json({ ...facts, page: catalog } satisfies LabView);
  };
}

function takeJournal(context: Context): TakenJournal {
  const { total, idle, waiting } = context.db.counters();
  return {
    journal: keptJournal(context).take(),
    nowUs: monotonicUs(),
    nowMs: context.services.now(),
    pool: { inUse: total - idle, waiting },
    selects: context.db.selects(),
    redis: guardState(context),
  };
}

/** Answers when it is all there: the filter of a policy that has one takes a moment. */
function servePutPolicy(context: Context): (request: Request, response: Response) => Promise<void> {
  return async (request, response) => {
    const next = inForce(context, request.body);
    context.inForce = next;
    await context.knownSlugs?.follow(next.policy.settings);
    response.json(policyAnswer(next));
  };
}

/** The policy, and how its parts lie around each other. */
function policyAnswer({ policy, strategy }: Context['inForce']): Policy & { pipeline: string } {
  return { ...policy, pipeline: strategy.name };
}

function inForce(context: Context, input: unknown): Context['inForce'] {
  const policy = context.inForce.policy === input ? context.inForce.policy : accept(input);
  return { policy, strategy: buildStrategy(policy.settings, context.services) };
}

function accept(input: unknown): Policy {
  try {
    return resolvePolicy(input);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new Problem(400, error.message, { errors: error.reasons });
  }
}

/** On loopback open to programs, but not to pages of other sites that a browser on this machine happens to show. */
function guard(token: string | null): RequestHandler {
  return (request, _response, next) => {
    if (request.headers['sec-fetch-site'] === 'cross-site')
      throw new Problem(403, '/lab is not for pages of other sites');
    if (token === null) return next();
    if (token === '')
      throw new Problem(
        403,
        'set CACHELAB_LAB_TOKEN to use /lab on an address other than loopback',
      );
    const given = Buffer.from(request.get('x-lab-token') ?? '');
    const wanted = Buffer.from(token);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      throw new Problem(401, 'send the lab token in the header x-lab-token');
    return next();
  };
}

function guardState({ redis }: Context): LabStats['redis'] {
  const { state: circuit, opened } = redis.circuit();
  return { state: redis.state(), circuit, opened };
}

function labStats(context: Context): LabStats {
  const { stats, db, knownSlugs } = context;
  const { measure, other } = stats.phases;
  return {
    phases: { measure: phaseStats(measure), other: phaseStats(other) },
    selectsTotal: measure.selects + other.selects,
    pool: db.counters(),
    redis: guardState(context),
    eventLoopDelayP99Ms: stats.loopDelayP99Ms(),
    menuVersions: Object.fromEntries(stats.menuVersions),
    filter: knownSlugs?.filter() ?? null,
    cacheEvents: stats.cacheEvents,
  };
}

function phaseStats(counters: PhaseCounters): PhaseStats {
  const { requests, outcomes, errors, shed, loads, selects, micros } = counters;
  const hdr = requests === 0 ? null : encodeIntoCompressedBase64(micros);
  return { requests, outcomes, errors, shed, loads, selects, hdr };
}
