import { createCatalog, type CatalogState } from '#trading/risk/catalog.ts';
import { z } from 'zod';
import { BehaviorActor } from './behavior-actor.ts';
import { paramsOf } from './params.ts';

const params = z.strictObject({});

/** catalog: what can be traded, as facts. */
export default class CatalogActor extends BehaviorActor<CatalogState, null> {
  constructor() {
    super((start) => {
      paramsOf(start, params);
      return createCatalog();
    });
  }
}
