// All but the chart, which has a library of its own: components/chart.
export * from './base';
export * from './dialog';
export * from './form';
export * from './table';
export * from './tabs';
export { type Call, type List, type Action, ApiError, call, useAction, useCall, useList } from '../api';
