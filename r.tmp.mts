import { readTrace } from './lab/traces/read.ts';
import { Chains } from './sim/chains.ts';
const orig = Chains.prototype.numberAll; let ms = 0;
Chains.prototype.numberAll = function (...a: any) { const s = performance.now(); const r = (orig as any).apply(this, a); ms += performance.now() - s; return r; };
for (let i = 0; i < 3; i++) { ms = 0; const s = performance.now(); const c = process.cpuUsage(); await readTrace('/work/main/.cachelab/perf-sim/zipf10-20000000.oracleGeneral'); const e = process.cpuUsage(c);
console.log('read', (performance.now() - s).toFixed(0), 'ms, of it chains', ms.toFixed(0), 'cpu user', e.user / 1000, 'sys', e.system / 1000); }
