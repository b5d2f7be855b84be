import { setTimeout as sleep } from 'node:timers/promises'
import { SallyportError, type Mode } from '@sallyport/policy'
import { isPostgresUrl, type PolicyFile } from '@sallyport/store'
import { NOTHING_HELD } from './held-policies.ts'
import type { HostControl } from './host-control.ts'

export type StartRequest = {
  /** Where the state store is: a file, or the URL of a PostgreSQL database. */
  readonly stateStore: string
  /** Applied at the start, when not empty. */
  readonly files: readonly PolicyFile[]
  readonly mode: Mode | null
  readonly author: string
  readonly onNotice: (text: string) => void
}

const AGAIN_MS = 5000

/** A database that is away at the very first start is no reason to give up: whoever starts us might not try again. */
export async function startWhenKnown(control: HostControl, request: StartRequest, signal: AbortSignal): Promise<void> {
  for (let isTold = false; !signal.aborted; isTold = true) {
    try {
      return await start(control, request)
    } catch (error) {
      const isAway = error instanceof SallyportError && error.code === 'state-unavailable'
      if (!isAway || !isPostgresUrl(request.stateStore)) throw error
      if (!isTold) request.onNotice(`nothing is guarded until the state store answers: ${error.message}`)
    }
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => {})
  }
}

/** Policies named on the command line are a change like any other; else what was in force before holds again. */
async function start(control: HostControl, { files, mode, author }: StartRequest): Promise<void> {
  if (files.length === 0 && mode === null) return control.resume()
  // Files that are given are guarded by, whatever was; without any, a host must not be left without its policy unnoticed.
  const { current } = await control.recall(files.length > 0 ? NOTHING_HELD : null)
  const reason = 'sallyport up'
  if (files.length > 0)
    await control.apply({ files, mode: mode ?? current?.mode ?? 'monitor', author, reason, confirmSeconds: null })
  else if (mode !== null && current !== null && current.mode !== mode)
    await control.apply({ files: current.files, mode, author, reason, confirmSeconds: null })
  else await control.resume()
}
