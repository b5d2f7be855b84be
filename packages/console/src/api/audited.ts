import type { ApiContext } from './api-context.ts'

/** Keeps who did what to what, and tells whoever looks on. */
export async function audited(
  { state, events, nowMs }: ApiContext,
  actor: string,
  action: string,
  target: string,
): Promise<void> {
  await state.audit.add({ timeMs: nowMs(), actor, action, target })
  events.emit({ kind: 'audit' })
}
