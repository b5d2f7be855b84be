import { askHost, controlSocket } from '@sallyport/agent'

/** Asks the `sallyport up` that keeps its state there. */
export function ask(state: string, path: string, body?: object): Promise<unknown> {
  return askHost(controlSocket(state), path, body)
}
