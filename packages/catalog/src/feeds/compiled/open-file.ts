import { closeSync } from 'node:fs'

/** Lists come and go with the policies that hold them; nobody tells when the last one let go. */
const closing = new FinalizationRegistry<number>((fd) => closeSync(fd))

/** A file that stays readable, also after it was removed, for as long as this object is held. */
export class OpenFile {
  readonly fd: number

  constructor(fd: number) {
    this.fd = fd
    closing.register(this, fd)
  }
}
