import { Option } from 'commander'
import { askHost, controlSocket } from '@sallyport/agent'
import { stateDirectory } from './state-directory.ts'

export const stateOption = (): Option =>
  new Option('--state <dir>', 'directory that `sallyport up` keeps its state in').default(stateDirectory())

/** Checked where it is opened: a password in it is not repeated. */
export const stateStoreOption = (): Option =>
  new Option('--state-store <url>', 'keep policies, users and alerts in PostgreSQL: postgres://USER@HOST/DATABASE').env(
    'SALLYPORT_STATE_STORE',
  )

/** Asks the `sallyport up` that keeps its state there. */
export function ask(state: string, path: string, body?: object): Promise<unknown> {
  return askHost(controlSocket(state), path, body)
}
