import { createClient } from '@third-umpire/sdk';

const umpire = createClient({ address: '127.0.0.1:7400', serviceName: 'payments', dataDirectory: '.umpire' });
await umpire.ready();

export function onDepositFailed(user: string, device: string, amountPaise: number): boolean {
  const context = { user, device, app_version: '7.2.0', region: 'KA' };
  const retries = umpire.expose('upi_retry', context).value === true; // control where anything is wrong
  umpire.publish({
    type: 'deposit_attempted',
    userId: user,
    properties: { provider: 'razorpay', amount_paise: amountPaise },
  });
  return retries;
}

process.once('SIGTERM', () => void umpire.close());
