"""Frameworks and libraries of the other languages; analyzers.portrait.framework_table says how a row is read."""

from __future__ import annotations

C = """
Linux kernel | platform | systems | linux asm
FreeRTOS | platform | embedded | FreeRTOS.h freertos
Arduino | platform | embedded | Arduino.h avr
Zephyr | platform | embedded | zephyr
STM32 | platform | embedded | stm32*
ESP-IDF | platform | embedded | esp_* driver/gpio.h
Unreal | game | games | CoreMinimal.h Engine GameFramework
cocos2d | game | games | cocos2d.h
SDL | game | games | SDL.h SDL2 SDL3
SFML | game | games | SFML
Qt | ui | desktop | QtCore QtGui QtWidgets QtDBus QtNetwork QtQml QtQuick Qt[A-Z]* Q[A-Z]*
GTK | ui | desktop | gtk gtkmm
GLib | lib | desktop | glib.h glib gio gobject glib-object.h
wxWidgets | ui | desktop | wx
UIKit | mobile | mobile | UIKit
AppKit | ui | desktop | AppKit Cocoa
React Native | mobile | mobile | React ReactCommon react
Windows API | platform | desktop | windows.h windowsx.h winbase.h winsock2.h afxwin.h atlbase.h
OpenGL | lib | graphics | GL GLES2 GLES3 GLFW glad glm OpenGL
Vulkan | lib | graphics | vulkan
CUDA | lib | ml | cuda.h cuda_runtime.h cublas_v2.h cudnn.h cub thrust
PyTorch | ml | ml | torch ATen c10 caffe2
TensorFlow | ml | ml | tensorflow
OpenCV | ml | media | opencv2 opencv
FFmpeg | lib | media | libavcodec libavformat libavutil
ROS | platform | robotics | ros rclcpp geometry_msgs sensor_msgs
LLVM | platform | compilers | llvm clang llvm-c mlir lldb
Boost | lib | general | boost
Eigen | sci | science | Eigen eigen3
MPI | sci | science | mpi.h
OpenMP | sci | science | omp.h
PostgreSQL | db | database | postgres.h libpq-fe.h libpq
SQLite | db | database | sqlite3.h
OpenSSL | sec | security | openssl
curl | net | network | curl
gRPC | rpc | network | grpc grpcpp
Protocol Buffers | rpc | network | google/protobuf
Python C API | platform | general | Python.h pybind11 numpy
Abseil | lib | general | absl folly
Foundation | platform | mobile | Foundation
Google Test | test | testing | gtest gmock
Catch2 | test | testing | catch2 catch.hpp doctest doctest.h
XCTest | test | testing | XCTest
"""

DOTNET = """
Unity | game | games | UnityEngine UnityEditor
Godot | game | games | Godot
MonoGame | game | games | Microsoft/Xna
ASP.NET Core | web | web | Microsoft/AspNetCore System/Web
Entity Framework | db | database | Microsoft/EntityFrameworkCore System/Data/Entity
MAUI | mobile | mobile | Microsoft/Maui Xamarin
WPF | ui | desktop | System/Windows/Controls System/Windows/Media System/Windows/Data
Windows Forms | ui | desktop | System/Windows/Forms
Avalonia | ui | desktop | Avalonia
ML.NET | ml | ml | Microsoft/ML
Azure SDK | cloud | cloud | Azure Microsoft/Azure
MediatR | lib | web | MediatR AutoMapper
Dapper | db | database | Dapper System/Data
JSON.NET | data | general | Newtonsoft
Roslyn | platform | compilers | Microsoft/CodeAnalysis
.NET Extensions | platform | general | Microsoft/Extensions
xUnit | test | testing | Xunit
NUnit | test | testing | NUnit
MSTest | test | testing | Microsoft/VisualStudio/TestTools Moq
"""

GO = """
Gin | web | web | github.com/gin-gonic
Echo | web | web | github.com/labstack/echo
Fiber | web | web | github.com/gofiber
Chi | web | web | github.com/go-chi github.com/gorilla
Kubernetes | cloud | devops | k8s.io sigs.k8s.io
Terraform | cloud | devops | github.com/hashicorp
Docker | cloud | devops | github.com/docker github.com/containerd
Prometheus | lib | devops | github.com/prometheus go.opentelemetry.io
AWS SDK | cloud | cloud | github.com/aws
Google Cloud | cloud | cloud | cloud.google.com google.golang.org/api
gRPC | rpc | network | google.golang.org/grpc
Protocol Buffers | rpc | network | google.golang.org/protobuf github.com/golang/protobuf github.com/gogo/protobuf
GORM | db | database | gorm.io github.com/jinzhu/gorm
sqlx | db | database | github.com/jmoiron database/sql github.com/lib/pq github.com/jackc
Redis | db | database | github.com/go-redis github.com/redis
go-ethereum | lib | blockchain | github.com/ethereum github.com/cosmos
Cobra | cli | cli | github.com/spf13 github.com/urfave
Zap | lib | general | go.uber.org github.com/sirupsen
net/http | net | web | net/http
Testify | test | testing | github.com/stretchr github.com/onsi
Go testing | test | testing | testing
"""

RUST = """
Actix | web | web | actix_web actix
Axum | web | web | axum
Rocket | web | web | rocket
Warp | web | web | warp hyper tower
Bevy | game | games | bevy
Tauri | ui | desktop | tauri egui iced gtk
Tokio | lib | network | tokio
async-std | lib | network | async_std
Embedded HAL | platform | embedded | embedded_hal cortex_m
Substrate | lib | blockchain | frame_support sp_core solana_program anchor_lang
Diesel | db | database | diesel
SQLx | db | database | sqlx rusqlite sea_orm
PyO3 | platform | general | pyo3
Candle | ml | ml | candle_core tch burn
Polars | data | data | polars arrow datafusion
rustc | platform | compilers | rustc_* syn proc_macro
pulldown-cmark | doc | docs | pulldown_cmark
Clap | cli | cli | clap structopt
Serde | data | general | serde serde_json
Rayon | lib | general | rayon crossbeam
Criterion | test | testing | criterion proptest
futures | lib | network | futures futures_util futures_core
winapi | platform | systems | winapi windows windows_sys
libc | platform | systems | libc nix
"""

PHP = """
Laravel | web | web | Illuminate Laravel
Symfony | web | web | Symfony
MediaWiki | web | web | MediaWiki Wikimedia
WordPress | web | web | WordPress WP_CLI WooCommerce
Drupal | web | web | Drupal
Magento | web | web | Magento
Yii | web | web | yii
CakePHP | web | web | Cake
CodeIgniter | web | web | CodeIgniter
Zend | web | web | Zend Laminas
Slim | web | web | Slim
Livewire | ui | web | Livewire Filament Inertia
Doctrine | db | database | Doctrine
Twig | web | web | Twig
Monolog | lib | general | Monolog
Guzzle | net | network | GuzzleHttp
Carbon | lib | general | Carbon
PHPUnit | test | testing | PHPUnit Mockery
Composer | platform | build | Composer
PSR | lib | general | Psr
"""

RUBY = """
Rails | web | web | rails active_record active_support action_controller action_view active_model rails_helper
Sinatra | web | web | sinatra
Hanami | web | web | hanami dry-*
Sidekiq | task | web | sidekiq resque
Jekyll | doc | docs | jekyll
Puppet | platform | devops | puppet chef vagrant
Rack | web | web | rack
Sequel | db | database | sequel
Homebrew | platform | devops | formula
Faraday | net | network | faraday net/http
Nokogiri | data | data | nokogiri
Bundler | platform | build | bundler rubygems
Thor | cli | cli | thor
RSpec | test | testing | rspec spec_helper capybara
Minitest | test | testing | minitest test/unit
"""

PERL = """
Mojolicious | web | web | Mojo Mojolicious
Catalyst | web | web | Catalyst
Dancer | web | web | Dancer Dancer2
Moose | lib | general | Moose Moo Mouse
DBI | db | database | DBI DBIx
LWP | net | network | LWP HTTP
Debhelper | platform | build | Debian
ExtUtils | platform | build | ExtUtils Module
TAP | test | testing | TAP
Test::More | test | testing | Test
"""

LUA = """
LOVE | game | games | love
OpenResty | web | web | resty ngx lapis
awesome | ui | desktop | awful gears wibox beautiful naughty
Neovim | platform | tools | vim lspconfig telescope nvim-*
Torch | ml | ml | torch nn
Prosody | net | network | util/stanza util/xmppstream core/usermanager core/modulemanager
LuaSocket | net | network | socket
busted | test | testing | busted luaunit
"""

OTHERS = {
    "swift": """
SwiftUI | ui | mobile | SwiftUI Combine
UIKit | ui | mobile | UIKit
AppKit | ui | desktop | AppKit Cocoa
Vapor | web | web | Vapor Fluent
SpriteKit | game | games | SpriteKit SceneKit RealityKit ARKit
Core Data | db | mobile | CoreData SwiftData
Core ML | ml | ml | CoreML Vision
RxSwift | lib | mobile | RxSwift RxCocoa
Alamofire | net | network | Alamofire
SwiftNIO | net | network | NIO NIOCore
Foundation | platform | mobile | Foundation
XCTest | test | testing | XCTest Quick Nimble
""",
    "dart": """
Flutter | mobile | mobile | flutter flutter_*
Bloc | mobile | mobile | bloc provider riverpod get
Firebase | cloud | cloud | firebase_* cloud_firestore
Shelf | web | web | shelf
Dart test | test | testing | test mockito
""",
    "elixir": """
Phoenix | web | web | Phoenix
Ecto | db | database | Ecto
Nerves | platform | embedded | Nerves
Broadway | data | data | Broadway GenStage
Nx | ml | ml | Nx Axon
Absinthe | rpc | web | Absinthe
OTP | platform | network | GenServer Supervisor Agent
Plug | web | web | Plug
ExUnit | test | testing | ExUnit
""",
    "erlang": """
Cowboy | web | web | cowboy cowboy_*
Mnesia | db | database | mnesia
OTP | platform | network | gen_server gen_statem supervisor application
Common Test | test | testing | common_test eunit
""",
    "r": """
Shiny | web | data | shiny
Tidyverse | data | data | tidyverse dplyr tidyr purrr readr tibble
ggplot2 | sci | data | ggplot2
Bioconductor | sci | science | Biobase BiocGenerics DESeq2 limma GenomicRanges Seurat
caret | ml | ml | caret tidymodels randomForest xgboost
data.table | data | data | data.table
Rcpp | platform | general | Rcpp
testthat | test | testing | testthat
""",
    "julia": """
Flux | ml | ml | Flux Lux Knet
DifferentialEquations | sci | science | DifferentialEquations OrdinaryDiffEq ModelingToolkit
JuMP | sci | science | JuMP Optim
DataFrames | data | data | DataFrames CSV
Plots | sci | data | Plots Makie PyPlot
Genie | web | web | Genie HTTP
Julia Test | test | testing | Test
LinearAlgebra | sci | science | LinearAlgebra Statistics StatsBase Distributions
""",
    "haskell": """
Yesod | web | web | Yesod
Servant | web | web | Servant
Persistent | db | database | Database
Parsec | lib | compilers | Text/Parsec Text/Megaparsec
QuickCheck | test | testing | Test
Lens | lib | general | Control/Lens
Aeson | data | general | Data/Aeson
""",
    "solidity": """
OpenZeppelin | lib | blockchain | @openzeppelin openzeppelin-solidity
Chainlink | lib | blockchain | @chainlink
Uniswap | lib | blockchain | @uniswap
Foundry | test | testing | forge-std ds-test
""",
}
"""By manner of imports."""
