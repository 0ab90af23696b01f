//! wamp_async, driven by a test: JSON lines in, JSON lines out, as in
//! clients/protocol.mjs.

use serde_json::{json, Map, Value};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::{mpsc, oneshot};
use wamp_async::{Client, ClientConfig, SerializerType, WampError, WampId, WampKwArgs};

fn say(line: Value) {
    println!("{line}");
}

/// What a callee's handlers share with its commands.
#[derive(Default)]
struct Callee {
    held: HashMap<String, VecDeque<oneshot::Sender<()>>>,
    running: HashMap<String, i64>,
    peak: HashMap<String, i64>,
}

type Shared = Arc<Mutex<Callee>>;

async fn invoked(name: String, procedure: String, behaviour: String, callee: Shared, args: Vec<Value>) -> Vec<Value> {
    let release = {
        let mut c = callee.lock().unwrap();
        let running = *c.running.entry(procedure.clone()).and_modify(|n| *n += 1).or_insert(1);
        let peak = c.peak.entry(procedure.clone()).or_insert(0);
        *peak = running.max(*peak);
        say(json!({"event": "invoked", "session": name, "procedure": procedure, "args": args}));
        let (sender, receiver) = oneshot::channel();
        if behaviour == "hold" {
            c.held.entry(procedure.clone()).or_default().push_back(sender);
        }
        receiver // of a sender that is gone unless it is held
    };
    let _ = release.await;
    *callee.lock().unwrap().running.get_mut(&procedure).unwrap() -= 1;
    if behaviour == "name" {
        vec![json!(name)]
    } else {
        args
    }
}

/// What a RESULT holds, in the form that a test reads: one value, or both parts.
fn unwrapped(args: Option<Vec<Value>>, kwargs: Option<WampKwArgs>) -> Value {
    let (mut args, kwargs) = (args.unwrap_or_default(), kwargs.unwrap_or_else(Map::new));
    if args.len() == 1 && kwargs.is_empty() {
        return args.remove(0);
    }
    json!({"args": args, "kwargs": kwargs})
}

/// One session. Its commands run one after the other, but for calls.
struct Session {
    name: String,
    client: Arc<tokio::sync::RwLock<Option<Client<'static>>>>,
    callee: Shared,
    registrations: HashMap<String, WampId>,
}

impl Session {
    async fn join(&mut self, c: &Value) -> Result<Value, WampError> {
        let serializer = match c["serializer"].as_str() {
            Some("json") => SerializerType::Json,
            _ => SerializerType::MsgPack,
        };
        let config = ClientConfig::default().set_serializers(vec![serializer]);
        let url = c["url"].as_str().unwrap();
        let (mut client, (event_loop, calls)) = Client::connect(url, Some(config)).await?;
        let name = self.name.clone();
        tokio::spawn(async move {
            let _ = event_loop.await;
            say(json!({"event": "disconnected", "session": name}));
        });
        if let Some(mut calls) = calls {
            tokio::spawn(async move {
                while let Some(call) = calls.recv().await {
                    tokio::spawn(call);
                }
            });
        }
        client.join_realm(c["realm"].as_str().unwrap_or("realm1")).await?;
        *self.client.write().await = Some(client);
        Ok(json!({}))
    }

    async fn register(&mut self, c: &Value) -> Result<Value, WampError> {
        let procedure = c["procedure"].as_str().unwrap().to_string(); // it has no options
        let behaviour = c["behaviour"].as_str().unwrap_or("echo").to_string();
        let (name, callee, registered) = (self.name.clone(), self.callee.clone(), procedure.clone());
        let handler = move |args: Option<Vec<Value>>, _kwargs: Option<WampKwArgs>| {
            let call = invoked(name.clone(), registered.clone(), behaviour.clone(), callee.clone(), args.unwrap_or_default());
            async move { Ok::<_, WampError>((Some(call.await), None::<WampKwArgs>)) }
        };
        let client = self.client.read().await;
        let id = client.as_ref().unwrap().register(&procedure, handler).await?;
        self.registrations.insert(procedure, id);
        Ok(serde_json::to_value(id).unwrap_or_default())
    }

    async fn execute(&mut self, c: &Value) -> Result<Value, WampError> {
        let procedure = c["procedure"].as_str().unwrap_or_default();
        match c["cmd"].as_str().unwrap_or_default() {
            "join" => self.join(c).await,
            "register" => self.register(c).await,
            "unregister" => {
                let id = self.registrations.remove(procedure).unwrap();
                self.client.read().await.as_ref().unwrap().unregister(id).await?;
                Ok(Value::Null)
            }
            "release" => {
                let mut callee = self.callee.lock().unwrap();
                let held = callee.held.entry(procedure.to_string()).or_default();
                let n = c["n"].as_u64().map_or(held.len(), |n| n as usize);
                for sender in held.drain(..n) {
                    let _ = sender.send(());
                }
                Ok(json!(n))
            }
            "peak" => Ok(json!(self.callee.lock().unwrap().peak.get(procedure).copied().unwrap_or(0))),
            "leave" => {
                match self.client.write().await.take() {
                    Some(client) => client.disconnect().await,
                    None => return Err(WampError::UnknownError("it has left".to_string())),
                }
                Ok(Value::Null)
            }
            other => Err(WampError::UnknownError(other.to_string())),
        }
    }
}

fn answer(id: Value, result: Result<Value, WampError>) {
    match result {
        Ok(ok) => say(json!({"id": id, "ok": ok})),
        Err(WampError::ServerError(uri, _)) => say(json!({"id": id, "error": {"uri": uri, "args": []}})), // it keeps no arguments
        Err(e) => say(json!({"id": id, "error": {"uri": "rust.error", "args": [e.to_string()]}})),
    }
}

async fn call(client: Arc<tokio::sync::RwLock<Option<Client<'static>>>>, c: Value) -> Result<Value, WampError> {
    let client = client.read().await;
    let args = c["args"].as_array().cloned().unwrap_or_default();
    let procedure = c["procedure"].as_str().unwrap().to_string();
    let (args, kwargs) = client.as_ref().unwrap().call(procedure, Some(args), None).await?;
    Ok(unwrapped(args, kwargs))
}

async fn run(name: String, mut commands: mpsc::UnboundedReceiver<Value>) {
    let mut session = Session { name, client: Default::default(), callee: Default::default(), registrations: HashMap::new() };
    while let Some(c) = commands.recv().await {
        if c["cmd"] == "call" {
            let client = session.client.clone();
            tokio::spawn(async move { answer(c["id"].clone(), call(client, c).await) });
        } else {
            let result = session.execute(&c).await;
            answer(c["id"].clone(), result);
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    say(json!({"event": "ready"}));
    let mut sessions: HashMap<String, mpsc::UnboundedSender<Value>> = HashMap::new();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let c: Value = serde_json::from_str(&line).expect("a command must be JSON");
        let name = c["session"].as_str().unwrap().to_string();
        let commands = sessions.entry(name.clone()).or_insert_with(|| {
            let (sender, receiver) = mpsc::unbounded_channel();
            tokio::spawn(run(name, receiver));
            sender
        });
        let _ = commands.send(c);
    }
}
