/**
 * Stands for the system that moves the money, and shares nothing with the worker but the refund's id. It pays only for a
 * capability that people have approved for exactly this refund, and takes each capability and each refund once.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { capabilityKeys, verifyCapability } from 'countersign';

export function openBank({ file, issuer }) {
  const jwks = capabilityKeys(issuer);
  const payments = () =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line))
      : [];
  const used = new Set(payments().map((payment) => payment.jti));

  return {
    has: (refund) => payments().some((payment) => payment.refund === refund),
    async pay(token, refund, action) {
      const capability = await verifyCapability(token, {
        issuer,
        jwks,
        audience: action.resource,
        call: action,
        seen: async (jti) => used.has(jti) || !used.add(jti),
      });
      if (payments().some((payment) => payment.refund === refund))
        throw new Error(`${refund} was paid already`);
      const { approval, approvers, jti } = capability;
      appendFileSync(file, `${JSON.stringify({ refund, jti, approval, approvers, ...action.arguments })}\n`);
    },
  };
}
