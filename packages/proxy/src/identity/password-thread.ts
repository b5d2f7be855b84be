import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'

export type PasswordQuestion = { readonly password: string; readonly hash: string }

/** Hashes passwords, one after another: what takes that long has no place where everybody else is served. */
parentPort!.on('message', ({ password, hash }: PasswordQuestion) => {
  let holds = false
  try {
    holds = compareSync(password, hash)
  } catch {
    // A hash that cannot be read is nobody's.
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(holds)
})
