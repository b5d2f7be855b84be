import type { Message } from '../message.ts'

/** `refused`: the same again would be refused again. */
export type Sent = 'sent' | 'refused'

/** Throws when it may be tried again. */
export type Sender = AsyncDisposable & { readonly send: (messages: readonly Message[]) => Promise<Sent> }
