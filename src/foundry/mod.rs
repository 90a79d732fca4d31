//! What Foundry Agents (classic) needs beyond its document.

mod conversions;
