# Crossbar.io, in the version and with the libraries that wampool is tested with.
FROM python:3.11.7-slim-bookworm
COPY integration/requirements.txt /
RUN pip install --no-cache-dir --no-deps -r /requirements.txt \
 && useradd --create-home --home-dir /node node \
 && install -d -o node -g node /node/.crossbar
USER node
WORKDIR /node
# Its key and its state are in /node/.crossbar: crossbar.json must serve nothing from there.
ENTRYPOINT ["crossbar", "start", "--cbdir", "/node/.crossbar"]
