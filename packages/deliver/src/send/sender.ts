import type { Message } from '../message.ts'

/** `refused`: the same again would be refused again. `not-together`: none was taken, for what may be the fault of one of them. */
export type Sent = 'sent' | 'refused' | 'not-together'

/** Throws when it may be tried again. */
export type Sender = AsyncDisposable & { readonly send: (messages: readonly Message[]) => Promise<Sent> }
