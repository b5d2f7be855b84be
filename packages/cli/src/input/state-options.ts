import { Option } from 'commander'
import { stateDirectory } from './state-directory.ts'

export const stateOption = (): Option =>
  new Option('--state <dir>', 'directory that `sallyport up` keeps its state in').default(stateDirectory())

/** Checked where it is opened: a password in it is not repeated. */
export const stateStoreOption = (): Option =>
  new Option('--state-store <url>', 'keep policies, users and alerts in PostgreSQL: postgres://USER@HOST/DATABASE').env(
    'SALLYPORT_STATE_STORE',
  )
