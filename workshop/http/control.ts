import type { RequestListener } from 'node:http';
import express, { type Express, type Request, type Response, Router } from 'express';
import type { Knobs } from '../contract.ts';
import type { Room } from '../room/room.ts';
import type { Assets } from './assets.ts';
import { actionName, predictionBody, questionBody, sentenceBody } from './bodies.ts';
import { errorAnswers, MAX_BODY_BYTES, notFound, onlyMethods, readBody } from './control-error.ts';
import {
  bodyGuard,
  framedCsp,
  originGuard,
  securityHeaders,
  tokenGuard,
  tokenToCookie,
} from './guard.ts';
import { atMost, perSecond, shared } from './limits.ts';
import { openStream } from './stream.ts';

/** Of all participants together; k6 makes the load, not they. */
const VIEWS_PER_SECOND = 20;
const PREDICTIONS_PER_SECOND = 50;
/** Views that may wait for a slow store at the same time. */
const MOST_VIEWS = 40;
/** Knobs and actions that are under way or wait for their turn. */
const MOST_CHANGES = 20;
/** A take-home is the same for all who ask for it as one. */
const REPORT_KEPT_MS = 5000;

export interface ControlParts {
  room: Room;
  assets: Assets;
  /** Null: none is asked for, as behind loopback. */
  token: string | null;
  /** Names and addresses by which the server is reached, without ports, lower case. */
  hosts: ReadonlySet<string>;
  /** Told of our own faults, of which a client hears nothing. */
  report: (error: unknown) => void;
  /** ms since the Unix epoch, for the name of the take-home. */
  now: () => number;
}

/** The control server without a port. */
export interface Control {
  handler: RequestListener;
  /** Ends the streams; a server with an open one would never close. */
  close(): void;
}

/** The HTTP interface of `contract.ts` for one room. It owns neither the room nor a port. */
export function createControl(parts: ControlParts): Control {
  const { room, assets, token, hosts, report } = parts;
  const stream = openStream(room);
  const app: Express = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');

  // Who may ask at all, before anything is read or routed.
  app.use(securityHeaders({ trustworthy: token === null }));
  if (token !== null) app.use(tokenGuard(token));
  app.use(originGuard(hosts), bodyGuard);
  if (token !== null) app.use(tokenToCookie(token));

  app
    .route('/')
    .get((_request, response) => {
      response.type('text/html').send(assets.html);
    })
    .all(onlyMethods('GET', 'HEAD'));
  app
    .route('/assets/:name')
    .get((request, response, next) => {
      const file = assets.files.get(request.path);
      if (file === undefined) {
        next('route');
        return;
      }
      // Its name changes with its content.
      response.set({
        'content-type': file.type,
        'cache-control': 'private, max-age=31536000, immutable',
      });
      response.send(file.body);
    })
    .all(onlyMethods('GET', 'HEAD'));
  app
    .route('/favicon.ico')
    .get((_request, response) => {
      response.status(204).end();
    })
    .all(onlyMethods('GET', 'HEAD'));
  app
    .route('/api/stream')
    .get((request, response) => stream.open(request, response))
    .all(onlyMethods('GET'));
  app.use(participantRoutes(parts), roomRoutes(parts), reportRoutes(parts));

  app.use(notFound);
  app.use(errorAnswers(report));
  return { handler: app, close: () => stream.close() };
}

const monotonic = (): number => performance.now();

const json = express.json({ limit: MAX_BODY_BYTES, strict: false });

/** What every participant does: look, and predict. */
function participantRoutes({ room }: ControlParts): Router {
  const router = Router();
  const sentence = `More than ${VIEWS_PER_SECOND} page views a second by hand: k6 makes the load, turn its rate instead`;
  const beforeView = perSecond(VIEWS_PER_SECOND, sentence, monotonic);
  const beforeFrame = perSecond(VIEWS_PER_SECOND, sentence, monotonic);
  const waiting = atMost(MOST_VIEWS, `${MOST_VIEWS} views wait for the store: let it catch up`);
  const beforePrediction = perSecond(
    PREDICTIONS_PER_SECOND,
    'The whole room predicts at once: send it again',
    monotonic,
  );
  router
    .route('/api/view')
    .post(
      answer(() => {
        beforeView();
        return waiting(() => room.view());
      }),
    )
    .all(onlyMethods('POST'));
  router
    .route('/storefront')
    .get(async (_request, response) => {
      beforeFrame();
      const { status, html, headers } = await waiting(() => room.storefront());
      // The store's own refusals are JSON: to be read, not to be taken for markup.
      const isHtml = headers['content-type']?.startsWith('text/html') ?? false;
      response
        .status(status)
        .set('content-security-policy', framedCsp(headers['content-security-policy']))
        .type(isHtml ? 'text/html' : 'text/plain')
        .send(html);
    })
    .all(onlyMethods('GET', 'HEAD'));
  router
    .route('/api/predictions')
    .post(json, (request, response) => {
      beforePrediction();
      response.json(room.predict(readBody(predictionBody, request.body)));
    })
    .all(onlyMethods('POST'));
  return router;
}

/** What changes the room, one after the other. */
function roomRoutes({ room }: ControlParts): Router {
  const router = Router();
  const inTurn = atMost(
    MOST_CHANGES,
    `${MOST_CHANGES} changes wait for their turn already: wait until the marks have caught up`,
  );
  router
    .route('/api/state')
    .get((_request, response) => {
      response.json(room.state());
    })
    .all(onlyMethods('GET', 'HEAD'));
  router
    .route('/api/knobs')
    // Whatever the body is: the room reads it with suspicion.
    .put(
      json,
      answer(({ body }) => inTurn(() => room.turn(body as Partial<Knobs>))),
    )
    .all(onlyMethods('PUT'));
  router
    .route('/api/actions/:name')
    .post(
      answer(({ params }) => {
        const { action } = readBody(actionName, { action: params['name'] });
        return inTurn(() => room.act(action));
      }),
    )
    .all(onlyMethods('POST'));
  router
    .route('/api/questions')
    .post(json, (request, response) => {
      response.json(room.ask(readBody(questionBody, request.body).id));
    })
    .all(onlyMethods('POST'));
  router
    .route('/api/questions/:id/reveal')
    .post((request, response) => {
      const { id } = readBody(questionBody, { id: request.params.id });
      response.status(202).json(room.reveal(id));
    })
    .all(onlyMethods('POST'));
  router
    .route('/api/measure')
    .post(json, (request, response) => {
      room.measure(readBody(sentenceBody, request.body));
      response.status(202).json(room.state());
    })
    .all(onlyMethods('POST'));
  return router;
}

/** What costs a moment of work: made once for all who ask at the same time. */
function reportRoutes({ room, now }: ControlParts): Router {
  const router = Router();
  const evidence = shared(() => room.evidence(), 0, monotonic);
  const report = async (lang: 'en' | 'zh'): Promise<string> => {
    // Charts take their time to load: the first page does not wait for them.
    const { sessionReport } = await import('../takehome/report.ts');
    return sessionReport(room.session(), lang);
  };
  const reports = {
    en: shared(() => report('en'), REPORT_KEPT_MS, monotonic),
    zh: shared(() => report('zh'), REPORT_KEPT_MS, monotonic),
  };
  router.route('/api/evidence').get(answer(evidence)).all(onlyMethods('GET', 'HEAD'));
  router
    .route('/api/report')
    .get((request, response, next) => {
      const name = `cachelab-workshop-${minuteOf(new Date(now()))}.html`;
      reports[request.query['lang'] === 'zh' ? 'zh' : 'en']().then((html) => {
        response.set('content-disposition', `attachment; filename="${name}"`);
        return response.type('text/html').send(html);
      }, next);
    })
    .all(onlyMethods('GET', 'HEAD'));
  return router;
}

/** Answers 200 with what a request comes to; what it throws becomes a refusal. */
function answer(
  work: (request: Request) => Promise<unknown>,
): (request: Request, response: Response) => Promise<void> {
  return async (request, response) => {
    response.json(await work(request));
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-11-23-1605`, by the clock on the wall. */
function minuteOf(date: Date): string {
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}`;
}
