// Serves the built page and a made-up study as a coordinator does: the same paths, the same headers, events as they happen.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Study } from './study.mjs';

const DIST = join(fileURLToPath(new URL('.', import.meta.url)), '../../dist');
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.txt': 'text/plain; charset=utf-8' };
export const POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

export class Mock {
  constructor(options = {}) {
    this.study = options.empty ? null : new Study(options);
    this.token = options.token ?? null;
    this.followers = new Set();
    this.acts = [];
    this.unwell = false;
    this.server = createServer((request, answer) => this.answer(request, answer));
  }

  async listen(port = 0) {
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}/`;
    return this;
  }

  /** As if the process were killed; `listen` with the same port brings it back. */
  async close() {
    for (const follower of this.followers) follower.destroy();
    this.followers.clear();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async again() {
    this.server = createServer((request, answer) => this.answer(request, answer));
    return this.listen(this.port);
  }

  /** Something happens. */
  tell(kind, text) {
    this.study.sequence += 1;
    const line = { sequence: this.study.sequence, at: new Date().toISOString(), kind, text, event: {} };
    for (const follower of this.followers) follower.write(`id: ${line.sequence}\ndata: ${JSON.stringify(line)}\n\n`);
  }

  /** A running trial is finished, a new one proposed. */
  advance() {
    const { study } = this;
    const trial = study.trials.find((one) => one.state === 'running' || one.state === 'waiting');
    if (trial) {
      for (const worker of study.fleet) for (const slot of worker.slots) if (slot.trial === trial.id) slot.trial = null;
      trial.state = 'finished';
      trial.progress = null;
      study.milestones = study.growth();
      this.tell('trial_finished', `finished in ${trial.seconds.toFixed(1)} s: trial ${trial.id}, ${trial.kind}`);
    }
    const next = study.propose(study.trials.length, study.trials.length + 1);
    this.tell('trial_proposed', null);
    return next.id;
  }

  answer(request, answer) {
    const url = new URL(request.url, this.url ?? 'http://localhost');
    answer.setHeader('content-security-policy', POLICY);
    answer.setHeader('x-content-type-options', 'nosniff');
    answer.setHeader('cache-control', 'no-store');
    if (!url.pathname.startsWith('/api/')) return this.file(url.pathname, request, answer);
    if (this.unwell) return this.problem(answer, 503, 'the history is still being read: try again in a moment');
    const cookie = request.headers.cookie ?? '';
    if (url.pathname === '/api/v1/login') return this.body(request, (body) => this.login(JSON.parse(body), answer));
    if (this.token && !cookie.includes(`ce-nas-token=${this.token}`)) return this.problem(answer, 401, 'show the token of http.token_file');
    if (request.method === 'POST') return this.body(request, (body) => this.act(url, body, answer));
    if (!this.study) return this.problem(answer, 503, 'the study has not begun yet: try again in a moment');
    return this.read(url, request, answer);
  }

  read(url, request, answer) {
    const { study } = this;
    const path = url.pathname.replace('/api/v1', '');
    const one = /^\/trials\/(\d+)$/.exec(path);
    if (path === '/events') return this.follow(request, answer);
    if (one) {
      const trial = study.trial(Number(one[1]));
      return trial ? this.json(request, answer, trial) : this.problem(answer, 404, `there is no trial ${one[1]}; they count from 0`);
    }
    const log = /^\/workers\/([^/]+)\/log$/.exec(path);
    if (log) return this.json(request, answer, study.workerLog(decodeURIComponent(log[1])));
    const pages = {
      '/study': () => study.study(),
      '/front': () => study.frontAnswer(),
      '/hypervolume': () => ({ value: study.milestones.at(-1)?.hypervolume ?? 0, share: study.milestones.at(-1)?.share ?? 0, reference: [0.5, 1.6e6, 12], history: study.milestones, points_total: study.milestones.length }),
      '/trials': () => study.trialsAnswer(url.searchParams),
      '/workers': () => study.workersAnswer(url.searchParams),
      '/zones': () => study.zonesAnswer(Number(url.searchParams.get('hours') ?? 168)),
      '/tree': () => study.tree(),
    };
    return pages[path] ? this.json(request, answer, pages[path]()) : this.problem(answer, 404, `there is nothing at ${url.pathname}`);
  }

  act(url, body, answer) {
    const { study } = this;
    const path = url.pathname.replace('/api/v1', '');
    this.acts.push([path, body]);
    if (path === '/pause') [study.state, study.reason] = ['paused', 'paused since 2026-11-28 12:24:00'];
    else if (path === '/resume') [study.state, study.reason] = ['running', null];
    else if (path === '/budgets') {
      const order = JSON.parse(body);
      if (order.carbon_g) study.limits.carbon = order.carbon_g === 'unlimited' ? null : order.carbon_g;
    } else if (path === '/drain') for (const worker of study.fleet) worker.draining ||= body.includes('all') || body.includes(`"${worker.name}"`);
    this.tell('study_changed', `the operator asked: ${path.slice(1)}`);
    this.send(answer, 200, 'application/json', JSON.stringify({ changed: true, text: `Done: ${path.slice(1)}.`, sequence: study.sequence }));
  }

  login({ token }, answer) {
    if (token !== this.token) return this.problem(answer, 401, 'that is not the token');
    answer.setHeader('set-cookie', `ce-nas-token=${token}; HttpOnly; SameSite=Strict; Path=/`);
    return this.send(answer, 200, 'application/json', '{}');
  }

  follow(request, answer) {
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    answer.write('retry: 2000\n\n');
    this.followers.add(answer);
    request.on('close', () => this.followers.delete(answer));
  }

  file(path, request, answer) {
    const name = path === '/' ? 'index.html' : normalize(path).replace(/^\/+/, '');
    try {
      const text = readFileSync(join(DIST, name));
      this.send(answer, 200, TYPES[extname(name)] ?? 'application/octet-stream', text, request);
    } catch {
      this.problem(answer, 404, `there is nothing at ${path}`);
    }
  }

  json(request, answer, value) {
    this.send(answer, 200, 'application/json', JSON.stringify(value), request);
  }

  problem(answer, status, detail) {
    this.send(answer, status, 'application/problem+json', JSON.stringify({ status, title: 'Problem', detail }));
  }

  send(answer, status, type, body, request) {
    const packed = request?.headers['accept-encoding']?.includes('gzip') && body.length > 1024;
    answer.writeHead(status, { 'content-type': type, ...(packed ? { 'content-encoding': 'gzip' } : {}) });
    answer.end(packed ? gzipSync(body) : body);
  }

  body(request, then) {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => then(Buffer.concat(parts).toString()));
  }
}
