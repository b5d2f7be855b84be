import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { ERRORS, SallyportError, type ErrorCode } from '@sallyport/policy'
import { FailureSchema } from './control-protocol.ts'

/** Asks the `sallyport up` of this host. Throws its error, or `host-not-running` when nobody answers. */
export async function askHost(socketPath: string, path: string, body?: object): Promise<unknown> {
  const asked = request({ socketPath, path, method: body === undefined ? 'GET' : 'POST' })
  asked.end(body === undefined ? undefined : JSON.stringify(body))
  let response: IncomingMessage
  try {
    ;[response] = (await once(asked, 'response')) as [IncomingMessage]
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : ''
    if (code === 'EACCES')
      throw new SallyportError('no-privileges', `the socket ${socketPath} is not ours to open`, { cause })
    throw new SallyportError('host-not-running', `nobody answers on ${socketPath}`, { cause })
  }
  const answer: unknown = JSON.parse(await text(response))
  const failed = FailureSchema.safeParse(answer)
  if (!failed.success) return answer
  const { code, message, remedy } = failed.data.error
  throw new SallyportError(Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'internal', message, { remedy })
}

async function text(stream: IncomingMessage): Promise<string> {
  let all = ''
  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) all += chunk
  return all
}
