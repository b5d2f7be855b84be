import { otlpMetrics, type Sample } from '@sallyport/wire'
import { SallyportError } from '@sallyport/policy'
import { note } from './print.ts'

const INTERVAL_MS = 30_000
const TIMEOUT_MS = 10_000

/** Sends metrics to an OpenTelemetry collector now and then; what does not arrive comes with the next. */
export class OtlpExport implements Disposable {
  readonly #url: URL
  readonly #headers: Readonly<Record<string, string>>
  readonly #service: string
  readonly #samples: () => Promise<readonly Sample[]>
  readonly #startMs = Date.now()
  readonly #timer: NodeJS.Timeout
  #isFailing = false

  constructor(
    url: URL,
    headers: Readonly<Record<string, string>>,
    service: string,
    samples: () => Promise<readonly Sample[]>,
  ) {
    this.#url = url
    this.#headers = headers
    this.#service = service
    this.#samples = samples
    this.#timer = setInterval(() => void this.send(), INTERVAL_MS)
  }

  async send(): Promise<void> {
    const times = { startMs: this.#startMs, nowMs: Date.now() }
    try {
      const body = JSON.stringify(otlpMetrics(await this.#samples(), this.#service, times))
      const headers = { ...this.#headers, 'content-type': 'application/json' }
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const answer = await fetch(this.#url, { method: 'POST', headers, body, signal, redirect: 'error' })
      await answer.body?.cancel()
      this.#note(answer.ok ? null : `it answered ${answer.status}`)
    } catch (error) {
      this.#note(error instanceof Error ? error.message : String(error))
    }
  }

  /** Once when it begins to fail, and once when it is over. */
  #note(problem: string | null): void {
    if (this.#isFailing === (problem !== null)) return
    this.#isFailing = problem !== null
    note(`sallyport: metrics ${problem === null ? 'arrive again' : `do not arrive: ${problem}`}`)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}

/** `http://HOST:PORT`, or with the path where metrics go. */
export function parseOtlpUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new SallyportError('target-invalid', `--otlp "${text}" is not a URL`, {
      remedy: 'Write http://127.0.0.1:4318.',
    })
  }
  if (url.pathname === '/') url.pathname = '/v1/metrics'
  return url
}

/** `OTEL_EXPORTER_OTLP_HEADERS`: `name=value,name=value`, escaped as in URLs; where a collector wants a key. */
export function otlpHeaders(text: string | undefined): Readonly<Record<string, string>> {
  const pairs = (text ?? '').split(',').flatMap((pair) => {
    const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? []
    return name === undefined ? [] : [[name, decodeURIComponent(value!)] as const]
  })
  return Object.fromEntries(pairs)
}
