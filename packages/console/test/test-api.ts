import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HostControl, type HostStatus } from '@sallyport/agent'
import { FeedStore } from '@sallyport/catalog'
import { compilePolicy } from '@sallyport/compile'
import { EMPTY_WORLD } from '@sallyport/policy'
import { ROLES, StateStore, type FlowStore, type Role } from '@sallyport/store'
import type { ApiContext } from '../src/api/api-context.ts'
import { buildApi } from '../src/api/build-api.ts'
import { rememberOverviews } from '../src/api/remember-overviews.ts'
import { DeskEvents } from '../src/desk/desk-events.ts'
import { DescribedAnswers } from './described-answers.ts'
import { serveAssets } from '../src/desk/serve-assets.ts'

export const NOW: number = Date.parse('2026-10-01T12:00:00Z')
export const PASSWORD = 'correct horse battery'
export const HOST = '127.0.0.1:7117'

const STATUS: Omit<HostStatus, 'policy'> = {
  startedMs: NOW,
  guarding: 'this host',
  pid: 7,
  kernel: { allowed: 7, denied: 0 },
  spool: {
    spooled: 7,
    dropped: {
      'kernel-events': 0,
      'kernel-ends': 0,
      'spool-full': 0,
      'spool-unwritable': 0,
      'record-too-large': 0,
      damaged: 0,
    },
    unsaid: 0,
  },
  layingOut: { rows: 1000, rowsLeft: 250 },
  room: { bytes: 5e9, flows: 1000, oldestMs: 0, limitBytes: 20e9, removedFlows: 0, isShort: false },
  feeds: [{ name: 'malware', entries: 2, fetchedMs: NOW, checkedMs: NOW, problem: null }],
}

export type Method = 'GET' | 'POST' | 'DELETE'
export type Given = { readonly headers?: Record<string, string>; readonly body?: object }
export type Answer = {
  readonly status: number
  readonly text: string
  readonly body: Record<string, unknown>
  readonly headers: Record<string, unknown>
}

/** The API of a host, with an account of each role that is signed in; the names of the accounts are the roles'. */
export class TestApi implements AsyncDisposable {
  nowMs: number = NOW
  readonly state: StateStore
  readonly events: DeskEvents = new DeskEvents()
  readonly directory: string = mkdtempSync(join(tmpdir(), 'sallyport-api-'))
  readonly feeds: FeedStore = new FeedStore(this.directory)
  readonly app: ReturnType<typeof buildApi>
  /** What failed inside, and was answered with 500. */
  readonly failures: unknown[] = []
  /** Every answer is held against it. */
  readonly described: DescribedAnswers = new DescribedAnswers()
  readonly overviews: ApiContext['overviews']
  readonly #signedIn = new Map<Role, Record<string, string>>()

  private constructor(flows: FlowStore, state: StateStore, more: Partial<ApiContext>) {
    this.state = state
    const worldFor = more.worldFor ?? (async () => EMPTY_WORLD)
    const control = new HostControl({
      state,
      copy: null,
      worldFor,
      namesFor: async () => ({}),
      nowMs: () => this.nowMs,
      monotonicMs: () => this.nowMs,
      onNotice: () => {},
      enforce: async (policy, world) => void compilePolicy(policy, world, { atMs: this.nowMs }),
    })
    const answers: Readonly<Record<string, (body: never) => unknown>> = {
      '/status': (): HostStatus => ({ ...STATUS, policy: control.status() }),
      '/apply': (body) => control.apply(body),
      '/confirm': ({ author }: { author: string }) => control.confirm(author),
      '/rollback': ({ author, version }: { author: string; version: number | null }) =>
        control.rollback(author, version),
      '/feeds/refresh': () => ({ outcome: 'unchanged', reason: null }),
    }
    this.overviews = rememberOverviews({ flows, state, events: this.events, nowMs: () => this.nowMs })
    this.app = buildApi(
      {
        flows,
        state,
        events: this.events,
        feeds: this.feeds,
        deliveries: () => ({ alerts: [], flows: [] }),
        networkNames: async () => new Map([[64_500, 'Example Networks']]),
        worldFor,
        nowMs: () => this.nowMs,
        overviews: this.overviews,
        oidc: null,
        askHost: async (path, body) => answers[path]!(body as never),
        ...more,
      },
      '0.1.0',
      (error) => this.failures.push(error),
    )
    serveAssets(this.app)
  }

  static async open(flows: FlowStore, more: Partial<ApiContext> = {}): Promise<TestApi> {
    const api = new TestApi(flows, await StateStore.open(':memory:'), more)
    for (const user of await Promise.all(ROLES.map((role) => api.state.users.add(role, role, PASSWORD, NOW)))) {
      const { token, csrf } = await api.state.users.openSession(user, NOW, 43_200_000)
      api.#signedIn.set(user.role, { cookie: `sallyport=${token}`, 'x-csrf-token': csrf })
    }
    return api
  }

  as(role: Role): { headers: Record<string, string> } {
    return { headers: this.#signedIn.get(role)! }
  }

  async ask(method: Method, path: string, { headers = {}, body }: Given = {}): Promise<Answer> {
    const answer = await this.app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { host: HOST, ...headers },
      ...(body === undefined ? {} : { payload: body }),
    })
    const isJson = String(answer.headers['content-type']).startsWith('application/json')
    const parsed = isJson ? (answer.json() as Record<string, unknown>) : {}
    const undescribed = isJson ? this.described.problem(method, path, answer.statusCode, parsed) : null
    if (undescribed !== null) throw new Error(`not as the API is described: ${undescribed}`)
    return { status: answer.statusCode, text: answer.body, body: parsed, headers: answer.headers }
  }

  async signIn(name: string, password: string = PASSWORD): Promise<Record<string, string>> {
    const { body, headers } = await this.ask('POST', '/session', { body: { name, password } })
    return { cookie: String(headers['set-cookie']).split(';')[0]!, 'x-csrf-token': String(body['csrf']) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close()
    await this.state[Symbol.asyncDispose]()
    rmSync(this.directory, { recursive: true })
  }
}
