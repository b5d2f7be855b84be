import type { DropReason, FlowRecord } from '@sallyport/flow'
import { FlowSpool } from '@sallyport/store'
import { SallyportError } from '@sallyport/policy'
import { note } from './print.ts'

type FlowRecording = Disposable & {
  readonly append: (record: FlowRecord) => void
  readonly drop: (reason: DropReason, count: number) => void
}

const NONE: FlowRecording = { append: () => {}, drop: () => {}, [Symbol.dispose]: () => {} }

/**
 * Into the spool, from where the next command that opens the store takes them. A command is not refused because its flows
 * cannot be recorded: that is said, once.
 */
export function recordFlows(directory: string | false): FlowRecording {
  if (directory === false) return NONE
  let spool: FlowSpool
  try {
    spool = FlowSpool.open({ directory })
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error
    note(`sallyport: flows are not recorded: ${error.message}`)
    return NONE
  }
  return {
    append: (record) => spool.append(record),
    drop: (reason, count) => spool.drop(reason, count),
    [Symbol.dispose]: () => {
      spool[Symbol.dispose]()
      const { unsaid, dropped } = spool.counters()
      if (unsaid > 0) note(`sallyport: ${unsaid} flows were not recorded: ${reasons(dropped)}`)
    },
  }
}

export function reasons(dropped: Readonly<Partial<Record<DropReason, number>>>): string {
  return Object.entries(dropped)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ')
}
