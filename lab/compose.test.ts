import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { LoadSettings } from '../scenarios/lib/settings.ts';
import { K6_VERSION } from './provision/k6.ts';
import { ROOT } from './root.ts';

interface Service {
  image?: string;
  build?: { context: string; dockerfile: string };
  environment?: Record<string, string>;
  ports?: string[];
  profiles?: string[];
  volumes?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
}

const file: { services: Record<string, Service> } = parse(
  readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'),
  { merge: true },
);
const { services } = file;

/** The schema's keywords are older than its draft: `id` names positions, and `duration` is Compose's, e.g. 1m30s. */
function composeSchema(): object {
  const text = readFileSync(join(ROOT, 'test', 'fixtures', 'compose-spec.json'), 'utf8');
  return JSON.parse(text, (key, value: unknown) =>
    (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
  );
}

function problems(document: unknown): string[] {
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  ajv.addFormat('duration', /^(\d+(\.\d+)?(us|ms|s|m|h))+$/);
  for (const name of ['ports', 'expose', 'subnet_ip_address']) ajv.addFormat(name, true);
  const validate = ajv.compile(composeSchema());
  if (validate(document)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe('docker-compose.yml', () => {
  test('follows the schema of the Compose Specification, which refuses a misspelt key and a wrong duration', () => {
    expect(problems(file)).toEqual([]);
    expect(problems({ services: { redis: { imagee: 'redis' } } })).toEqual([
      '/services/redis must NOT have additional properties',
    ]);
    const slow = { services: { redis: { healthcheck: { interval: 'often' } } } };
    expect(problems(slow)).toEqual([
      '/services/redis/healthcheck/interval must match format "duration"',
    ]);
  });

  test('pins every image to a version, and k6 to the one that the lab builds', () => {
    const images = Object.values(services).flatMap(({ image }) =>
      image === undefined ? [] : [image],
    );
    for (const image of images) expect(image).toMatch(/:v?\d+\.\d+\.?\d*(-\w+)?$/);
    expect(services['k6']?.image).toBe(`grafana/k6:${K6_VERSION}`);
    expect(services['k6']?.profiles).toEqual(['load']);
    const dockerfile = services['server']?.build?.dockerfile ?? '';
    expect(readFileSync(join(ROOT, dockerfile), 'utf8')).toMatch(/^FROM node:\d+\.\d+\.\d+-\S+$/m);
  });

  test('publishes ports on 127.0.0.1 alone, and what is waited for has a health check', () => {
    for (const { ports = [] } of Object.values(services)) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    }
    for (const { depends_on: waitsFor = {} } of Object.values(services)) {
      for (const [name, { condition }] of Object.entries(waitsFor)) {
        expect(services[name]).toBeDefined();
        if (condition === 'service_healthy') expect(services[name]?.healthcheck).toBeDefined();
      }
    }
  });

  test('starts Prometheus and Grafana only with the profile observability, with files that are there', () => {
    const observed = Object.entries(services).filter(([, { profiles }]) =>
      profiles?.includes('observability'),
    );
    expect(observed.map(([name]) => name)).toEqual(['prometheus', 'grafana']);
    for (const { volumes = [] } of Object.values(services)) {
      for (const volume of volumes) {
        const [path = ''] = volume.split(':');
        expect(existsSync(join(ROOT, path)), path).toBe(true);
        expect(volume).toMatch(/:ro$/);
      }
    }
  });

  test('Prometheus scrapes services by the name and port that they have, and Grafana asks Prometheus', () => {
    const deploy = (path: string): string => readFileSync(join(ROOT, 'deploy', path), 'utf8');
    const {
      scrape_configs: jobs,
    }: { scrape_configs: { static_configs: { targets: string[] }[] }[] } = parse(
      deploy('prometheus/prometheus.yml'),
    );
    const targets = jobs.flatMap((job) => job.static_configs.flatMap((one) => one.targets));
    expect(targets).toEqual(
      ['server', 'invalidator'].map((name) => {
        const { CACHELAB_HOST: host, CACHELAB_PORT: port } = services[name]?.environment ?? {};
        expect(host, name).toBe('0.0.0.0');
        return `${name}:${port}`;
      }),
    );
    const { datasources }: { datasources: { uid: string; url: string }[] } = parse(
      deploy('grafana/provisioning/datasources/prometheus.yml'),
    );
    expect(datasources.map(({ url }) => url)).toEqual(['http://prometheus:9090']);
    const dashboard = deploy('grafana/dashboards/cachelab.json');
    const used = [...dashboard.matchAll(/"uid": "(cachelab-[^"]+)"/g)].map(([, uid]) => uid);
    expect(new Set(used)).toEqual(new Set(datasources.map(({ uid }) => uid)));
    const { providers }: { providers: { options: { path: string } }[] } = parse(
      deploy('grafana/provisioning/dashboards/cachelab.yml'),
    );
    const { volumes = [], environment = {} } = services['grafana'] ?? {};
    const path = providers[0]?.options.path ?? '';
    expect(volumes).toContain(`./deploy/grafana/dashboards:${path}:ro`);
    expect(environment['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']).toBe(`${path}/cachelab.json`);
  });

  test('hands k6 settings that a load script can read, and copies only folders that exist', () => {
    const settings: LoadSettings = JSON.parse(services['k6']?.environment?.['CACHELAB_LOAD'] ?? '');
    const whole: LoadSettings = {
      baseUrl: 'http://server:3000',
      path: '/stores/lao-zhang/catalog',
      update: null,
      arrivals: 'even',
      ratePerSecond: 30,
      virtualUsers: 60,
      warmSeconds: 5,
      measureSeconds: 25,
      countOutcomes: true,
    };
    expect(settings).toEqual(whole);
    const dockerfile = readFileSync(join(ROOT, 'deploy', 'Dockerfile'), 'utf8');
    const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, list]) =>
      list?.split(' '),
    );
    for (const path of copied) expect(existsSync(join(ROOT, path ?? '')), path).toBe(true);
  });
});
