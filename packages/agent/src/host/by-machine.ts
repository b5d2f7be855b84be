import { KernelError, type KernelErrorCode } from '@sallyport/kernel'
import { SallyportError, type ErrorCode } from '@sallyport/policy'

const CODES: Readonly<Record<KernelErrorCode, ErrorCode>> = {
  'privileges-missing': 'no-privileges',
  'kernel-lacks': 'kernel-unsupported',
  'libbpf-missing': 'tool-missing',
  'object-missing': 'tool-missing',
  'cgroup-missing': 'cgroup-unavailable',
  'cgroup-failed': 'cgroup-unavailable',
  'bpf-failed': 'enforcement-failed',
  'netlink-failed': 'enforcement-failed',
  'image-invalid': 'enforcement-failed',
  'limits-full': 'policy-too-complex',
  'rules-refused': 'enforcement-failed',
  'netfilter-failed': 'enforcement-failed',
  'interface-missing': 'interface-unknown',
}

/** What the machine refused, with its code and remedy; any other error as it is. */
export function byMachine(error: unknown): unknown {
  if (!(error instanceof KernelError)) return error
  return new SallyportError(CODES[error.code], error.message, { remedy: error.remedy, cause: error })
}
