import { createHash, createHmac } from 'node:crypto'

/**
 * Headers by which a receiver that has the key knows who sent a call, when, and that it is as it was sent (Standard Webhooks 1.0.0).
 * The id is the body's: a call that is made again has it again.
 */
export function signCall(key: Buffer, body: string, nowMs: number): Readonly<Record<string, string>> {
  const id = `msg_${createHash('sha256').update(body).digest('base64url').slice(0, 27)}`
  const timestamp = String(Math.floor(nowMs / 1000))
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
