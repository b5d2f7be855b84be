export type KernelErrorCode =
  | 'libbpf-missing'
  | 'object-missing'
  | 'bpf-failed'
  | 'cgroup-missing'
  | 'cgroup-failed'
  | 'image-invalid'
  | 'limits-full'
  | 'netlink-failed'
  | 'rules-refused'
  | 'privileges-missing'
  | 'kernel-lacks'
  | 'interface-missing'
  | 'netfilter-failed'

/** Something the machine refused or lacks, with what to do about it. */
export class KernelError extends Error {
  readonly code: KernelErrorCode
  readonly remedy: string

  constructor(code: KernelErrorCode, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'KernelError'
    this.code = code
    this.remedy = remedy
  }
}
