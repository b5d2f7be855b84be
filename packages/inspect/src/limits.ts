export type InspectionLimits = {
  /** Flows whose first bytes are awaited; the packets of one more are refused. */
  readonly flows: number
  /** Packets of one flow that wait for its verdict. */
  readonly packets: number
  /**
   * Segments of one TCP connection that wait; later ones are read and dropped. For clients whose kernel is trusted to send the
   * same octets again: with a second segment that it counts as not sent, it sends no more (TCP small queues).
   */
  readonly segments: number
  /** Octets of each direction that are looked at. */
  readonly octets: number
  /** From the client's first octet until the answer must be there; what is likely by then is the answer. */
  readonly patienceMs: number
  /** A flow whose server alone has spoken is forgotten after so long; it is known again when its client speaks. */
  readonly silenceMs: number
}

export const DEFAULT_INSPECTION_LIMITS: InspectionLimits = {
  flows: 4096,
  packets: 64,
  segments: 64,
  octets: 32_768,
  patienceMs: 3000,
  silenceMs: 60_000,
}
