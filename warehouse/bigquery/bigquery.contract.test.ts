import { after, before, describe } from 'node:test';
import type { BigQueryEmulator } from '../../parts/bigquery-emulator.ts';
import { startTestEmulator, whyNoEmulator } from '../../tests/support/bigquery-emulator.ts';
import { describeWarehouseContract } from '../contract.ts';
import { openBigQuery } from './bigquery.ts';

const skip = await whyNoEmulator();

describe('BigQuery, by its client and the emulator', { skip }, () => {
  let emulator: BigQueryEmulator;
  before(async () => {
    emulator = await startTestEmulator();
  });
  after(() => emulator.stop());

  describeWarehouseContract('BigQuery', (dataset) =>
    openBigQuery({
      project: 'contract',
      dataset,
      location: 'US',
      apiEndpoint: emulator.apiEndpoint,
      createDataset: true,
      appendEveryMs: 0,
    }),
  );
});
