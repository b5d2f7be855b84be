import { Option } from 'commander'
import { askHost, controlSocket } from '@sallyport/agent'
import { stateDirectory } from './state-directory.ts'

export const stateOption = (): Option =>
  new Option('--state <dir>', 'directory that `sallyport up` keeps its state in').default(stateDirectory())

/** Asks the `sallyport up` that keeps its state there. */
export function ask(state: string, path: string, body?: object): Promise<unknown> {
  return askHost(controlSocket(state), path, body)
}
